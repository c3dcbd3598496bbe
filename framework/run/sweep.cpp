#include "run/sweep.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <system_error>

#include "compare/compared_run.hpp"
#include "dha/error.hpp"
#include "process/signals.hpp"
#include "process/steady_seconds.hpp"
#include "storage/atomic_file.hpp"
#include "storage/file_lock.hpp"
#include "storage/io_error.hpp"
#include "storage/run_directory.hpp"
#include "storage/run_lock.hpp"

namespace dha {

namespace fs = std::filesystem;
using compare::ComparedRun;
using compare::RunStatus;

namespace {

constexpr int kInterruptedStatus = 130;

// The folders <folder>/<name>/<time>-s<seed>, oldest first.
std::vector<fs::path> attempts_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator names(folder, error), end; !error && names != end; names.increment(error)) {
    if (names->is_symlink() || !names->is_directory()) continue;
    for (fs::directory_iterator at(names->path(), error); !error && at != end; at.increment(error))
      if (!at->is_symlink() && at->is_directory()) found.push_back(at->path());
  }
  if (error) throw_io_error("read", folder, error.value());
  std::sort(found.begin(), found.end());
  return found;
}

// A process that was killed before its run began leaves a directory without this file, which is written last.
bool has_begun(const fs::path& directory) { return fs::exists(directory / "environment.json"); }

// Waits for the process of an earlier call, which may still be leaving its checkpoint.
bool is_held(const fs::path& directory) {
  try {
    const RunLock lock(RunDirectory::open(directory), std::chrono::seconds(120));
    return false;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUsage) throw;
    return true;
  }
}

// The last sentence that the program printed about itself, behind the first `skipped` bytes.
std::string last_message(const fs::path& output, uintmax_t skipped) {
  constexpr std::string_view kPrefix = "dha: ";
  const std::string text = read_file(output);
  std::istringstream lines(text.substr(std::min<size_t>(text.size(), skipped)));
  std::string last;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(kPrefix)) last = line.substr(kPrefix.size());
  return last;
}

}  // namespace

Sweep::Sweep(const fs::path& folder, const SweepPlan& plan, const SweepLaunch& launch, Console& console)
    : folder_(folder), plan_(plan), launch_(launch), console_(console) {}

Sweep::~Sweep() = default;

fs::path Sweep::folder_of(size_t index) const { return folder_ / plan_.runs[index].folder; }

fs::path Sweep::output_of(size_t index) const { return folder_of(index) / "output.txt"; }

// The newest one; nothing where none has begun.
std::optional<fs::path> Sweep::directory_of(size_t index) const {
  std::vector<fs::path> attempts = attempts_in(folder_of(index));
  std::erase_if(attempts, [](const fs::path& directory) { return !has_begun(directory); });
  return attempts.empty() ? std::nullopt : std::optional(attempts.back());
}

SweepOutcome Sweep::run() {
  const FileLock lock(
      folder_, O_RDONLY | O_DIRECTORY,
      fmt::format("another process trains the sweep in {}; wait until it ends, or stop it", folder_.string()));
  pool_ = std::make_unique<WorkerPool>([](int64_t, std::string_view) {},
                                       [this](int64_t worker, const WorkerEnd& end) { on_end(worker, end); });
  pool_->run([this] {
    fill_slots();
    show_progress();
  });
  console_.clear_progress();
  if (stop_requested())
    throw Error(ErrorCode::kCancelled,
                fmt::format("interrupted after {} of {} runs; the running ones have written checkpoints, and the same "
                            "command continues them",
                            outcome_.finished, plan_.runs.size()));
  for (size_t i = 0; i < plan_.runs.size(); ++i)
    if (const auto directory = directory_of(i)) outcome_.runs.push_back(*directory);
  return std::move(outcome_);
}

void Sweep::fill_slots() {
  while (next_ < plan_.runs.size() && pool_->running() < static_cast<size_t>(launch_.parallel) && !stop_requested()) {
    const size_t index = next_++;
    if (!is_over(index)) start(index);
  }
}

// Whether an earlier call has brought it to its end, which is counted.
bool Sweep::is_over(size_t index) {
  const auto directory = directory_of(index);
  if (!directory) return false;
  const ComparedRun run = compare::read_compared_run(*directory);
  if (run.status == RunStatus::kFinished) {
    ++outcome_.finished;
    report(index, "has finished before");
  } else if (run.status == RunStatus::kDiverged) {
    fail(index, run.reason);
  }
  return run.status != RunStatus::kUnfinished;
}

void Sweep::start(size_t index) {
  const auto directory = directory_of(index);
  if (directory && is_held(*directory)) return fail(index, "another process still trains it");
  std::vector<std::string> command = directory ? launch_.resume : launch_.run;
  if (directory) {
    command.push_back(directory->string());
  } else {
    for (const fs::path& abandoned : attempts_in(folder_of(index))) fs::remove_all(abandoned);
    if (!launch_.devices.empty())
      command.insert(command.end(), {"--device", launch_.devices[index % launch_.devices.size()]});
    command.insert(command.end(), {"--out", folder_of(index).string(), (folder_of(index) / "pipeline.json").string()});
  }
  report(index, directory ? "continues" : "begins");
  std::error_code not_there;
  const uintmax_t bytes = fs::file_size(output_of(index), not_there);
  pool_->start({.arguments = command,
                .output = output_of(index),
                .environment = {fmt::format("OMP_NUM_THREADS={}", plan_.threads)}});
  training_.push_back({index, not_there ? 0 : bytes, steady_seconds()});
}

void Sweep::on_end(int64_t worker, const WorkerEnd& end) {
  Training& training = training_.at(static_cast<size_t>(worker));
  const auto [index, output_bytes, begun, was_over] = training;
  training.is_over = true;
  if (stop_requested() && end.process.status == kInterruptedStatus) return;
  if (!end.process.is_success()) {
    std::string reason = fmt::format("its process ended {}", end.process.text());
    if (const std::string message = last_message(output_of(index), output_bytes); !message.empty())
      reason += ": " + message;
    return fail(index, reason);
  }
  seconds_ += steady_seconds() - begun;
  ++ended_;
  const auto directory = directory_of(index);
  if (directory && compare::read_compared_run(*directory).status == RunStatus::kFinished) {
    ++outcome_.finished;
    report(index, "has finished");
  } else {
    ++outcome_.out_of_time;
    report(index, "has stopped in time, unfinished");
  }
}

void Sweep::fail(size_t index, const std::string& reason) {
  outcome_.failed.push_back(fmt::format("run {} of {} ({}) failed: {} ({} has its output)", index + 1,
                                        plan_.runs.size(), plan_.runs[index].in_words(), reason,
                                        output_of(index).string()));
  report(index, "has failed");
}

void Sweep::report(size_t index, const std::string& what) {
  console_.line(fmt::format("run {} of {} ({}) {}", index + 1, plan_.runs.size(), plan_.runs[index].in_words(), what));
}

// Each run takes as long as those before it on average, which is NaN before one has ended; those that an earlier call
// has finished count as if they were to come until they are looked at.
double Sweep::seconds_left() const {
  const double usual = seconds_ / static_cast<double>(ended_);
  double seconds = static_cast<double>(plan_.runs.size() - next_) * usual;
  for (const Training& training : training_)
    if (!training.is_over) seconds += std::max(0.0, usual - (steady_seconds() - training.begun));
  return seconds / static_cast<double>(launch_.parallel);
}

// One bar for all runs.
void Sweep::show_progress() {
  if (pool_->running() == 0) return;
  ProgressLine line;
  line.done = static_cast<int64_t>(next_ - pool_->running());
  line.total = static_cast<int64_t>(plan_.runs.size());
  line.unit = "runs";
  line.stage = fmt::format("sweep {}/{}", line.done, line.total);
  line.remark = fmt::format("{} running", pool_->running());
  line.seconds_left = seconds_left();
  console_.progress(line);
}

}  // namespace dha
