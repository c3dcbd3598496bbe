#include "run/run_report.hpp"

#include "page/page.hpp"
#include "process/long_work.hpp"
#include "report/epoch_table.hpp"
#include "storage/atomic_file.hpp"
#include "trial/trial_table.hpp"

namespace dha {

namespace {

constexpr std::chrono::seconds kBetweenPages(10);

}  // namespace

RunReport::RunReport(const RunDirectory& directory, const PipelineConfig& config, Log& log)
    : directory_(directory), log_(log) {
  for (const StageConfig& stage : config.stages) stages_.push_back(stage.name);
}

void RunReport::advance() {
  if (written_ && std::chrono::steady_clock::now() - *written_ < kBetweenPages) return;
  write(page::RunState::kRunning, LogLevel::kWarning);
}

void RunReport::finish() { write(page::RunState::kFinished, LogLevel::kWarning); }

// What ended the run, such as a full disk, is what the user needs to know.
void RunReport::interrupt() { write(page::RunState::kInterrupted, LogLevel::kDebug); }

void RunReport::write(page::RunState state, LogLevel level) {
  const LongWork work(std::string("writing ") + page::kPageFile);
  try {
    write_epoch_table(directory_.path());
    write_trial_table(directory_.path(), stages_);
    write_file_atomically(directory_.file(page::kPageFile), page::page_of(read_run(directory_.path()), state));
  } catch (const std::exception& error) {
    if (!has_failed_) log_.write(level, "dha", std::string("the report could not be written: ") + error.what());
    has_failed_ = true;
  }
  written_ = std::chrono::steady_clock::now();
}

}  // namespace dha
