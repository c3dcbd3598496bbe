#include "process/worker_pool.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <thread>

#include "process/signals.hpp"
#include "process/spawn.hpp"

namespace dha {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A worker whose channel is held open by a process that it started ends without a sign on that channel.
constexpr milliseconds kSlice{20};

// How long run() waits before it looks again whether there is more to start.
constexpr milliseconds kPatience{100};

}  // namespace

class WorkerPool::Worker {
 public:
  Worker(int64_t id, const SpawnedProcess& spawned, milliseconds time_limit)
      : id_(id), process_(spawned.process), channel_(spawned.channel) {
    if (time_limit.count() > 0) limit_ = Clock::now() + time_limit;
  }
  Worker(const Worker&) = delete;

  // What it started ends with it; only then is its number given to another process.
  ~Worker() {
    kill(-process_, SIGKILL);
    kill(process_, SIGKILL);  // it may have left its group
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) continue;
    close(channel_);
  }

  int64_t id() const { return id_; }
  bool has_timed_out() const { return has_timed_out_; }

  pollfd poll_entry() const {
    const auto events = static_cast<short>(POLLIN | (outgoing_.empty() ? 0 : POLLOUT));
    return {is_open_ ? channel_ : -1, events, 0};
  }

  void queue(std::string_view line) {
    outgoing_.append(line).push_back('\n');
    write_available();
  }

  void write_available() {
    while (is_open_ && !outgoing_.empty()) {
      const ssize_t count = ::send(channel_, outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
      if (count < 0) return outgoing_.clear();  // it has gone
      outgoing_.erase(0, static_cast<size_t>(count));
    }
  }

  void read_available() {
    std::array<char, 4096> part;
    while (is_open_) {
      const ssize_t count = recv(channel_, part.data(), part.size(), 0);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
      is_open_ = count > 0;  // a reset, too, is an end
      if (is_open_) incoming_.append(part.data(), static_cast<size_t>(count));
    }
  }

  std::optional<std::string> take_line() {
    const size_t end = incoming_.find('\n');
    if (end == incoming_.npos) return std::nullopt;
    std::string line = incoming_.substr(0, end);
    incoming_.erase(0, end + 1);
    return line;
  }

  // How it ended; empty while it runs. It stays a zombie until the destructor.
  std::optional<ProcessEnd> end() const {
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
      return std::nullopt;
    return process_end(info);
  }

  void interrupt() {
    if (!has_interrupt_) kill(process_, SIGINT);
    has_interrupt_ = true;
  }

  void terminate() {
    if (kill_at_) return;
    kill(process_, SIGTERM);
    kill_at_ = Clock::now() + kGrace;
  }

  void enforce_limits() {
    const Clock::time_point now = Clock::now();
    if (limit_ && now >= *limit_ && !has_timed_out_) {
      has_timed_out_ = true;
      terminate();
    }
    if (!kill_at_ || now < *kill_at_) return;
    kill(-process_, SIGKILL);
    kill_at_ = Clock::time_point::max();
  }

  // When enforce_limits() has next something to do.
  Clock::time_point due() const { return kill_at_ ? *kill_at_ : limit_.value_or(Clock::time_point::max()); }

 private:
  const int64_t id_;
  const pid_t process_;
  const int channel_;
  bool is_open_ = true, has_interrupt_ = false, has_timed_out_ = false;
  std::string incoming_, outgoing_;
  std::optional<Clock::time_point> limit_, kill_at_;
};

WorkerPool::WorkerPool(OnLine on_line, OnEnd on_end) : on_line_(std::move(on_line)), on_end_(std::move(on_end)) {
  // Where children are ignored, as some parents leave it, nothing tells how they ended.
  struct sigaction action {};
  sigaction(SIGCHLD, nullptr, &action);
  if (action.sa_handler == SIG_IGN || (action.sa_flags & SA_NOCLDWAIT) != 0) std::signal(SIGCHLD, SIG_DFL);
}

WorkerPool::~WorkerPool() {
  for (const auto& worker : workers_) worker->terminate();
  const Clock::time_point deadline = Clock::now() + kGrace;
  const auto has_ended = [](const auto& worker) { return worker->end().has_value(); };
  while (!std::all_of(workers_.begin(), workers_.end(), has_ended) && Clock::now() < deadline)
    std::this_thread::sleep_for(milliseconds(5));
}

int64_t WorkerPool::start(const WorkerTask& task) {
  const SpawnedProcess spawned = spawn(task.arguments, task.environment, task.output);
  workers_.push_back(std::make_unique<Worker>(next_id_, spawned, task.time_limit));
  return next_id_++;
}

void WorkerPool::send(int64_t worker, std::string_view line) {
  if (Worker* found = find(worker)) found->queue(line);
}

void WorkerPool::stop() {
  for (const auto& worker : workers_) worker->interrupt();
}

void WorkerPool::wait(milliseconds patience) {
  const Clock::time_point until = Clock::now() + patience;
  while (!workers_.empty()) {
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    if (poll_once(std::max(left, milliseconds(0))) || left.count() <= 0) return;
  }
}

void WorkerPool::run(const std::function<void()>& start_more) {
  while (true) {
    if (stop_requested())
      stop();
    else
      start_more();
    if (workers_.empty()) break;
    wait(kPatience);
  }
}

// Whether callbacks were called or a signal arrived.
bool WorkerPool::poll_once(milliseconds patience) {
  std::vector<pollfd> entries;
  std::vector<int64_t> ids;
  Clock::time_point wake = Clock::now() + std::min(patience, kSlice);
  for (const auto& worker : workers_) {
    entries.push_back(worker->poll_entry());
    ids.push_back(worker->id());
    wake = std::min(wake, worker->due());
  }
  const auto pause = std::max(std::chrono::ceil<milliseconds>(wake - Clock::now()), milliseconds(0));
  const bool is_interrupted = poll(entries.data(), entries.size(), static_cast<int>(pause.count())) < 0;
  bool has_called = false;
  for (const int64_t id : ids) has_called = serve(id) || has_called;
  return has_called || is_interrupted;
}

// Whether callbacks were called.
bool WorkerPool::serve(int64_t id) {
  Worker* worker = find(id);
  if (worker == nullptr) return false;
  worker->write_available();
  worker->enforce_limits();
  const std::optional<ProcessEnd> end = worker->end();  // before reading, so that nothing it wrote comes after
  worker->read_available();
  const bool has_lines = deliver_lines(id);
  if (!end) return has_lines;
  const WorkerEnd report{*end, worker->has_timed_out()};
  std::erase_if(workers_, [&](const auto& other) { return other->id() == id; });
  on_end_(id, report);
  return true;
}

bool WorkerPool::deliver_lines(int64_t id) {
  bool has_called = false;
  while (const std::optional<std::string> line = find(id)->take_line()) {
    has_called = true;
    on_line_(id, *line);
  }
  return has_called;
}

WorkerPool::Worker* WorkerPool::find(int64_t id) const {
  for (const auto& worker : workers_)
    if (worker->id() == id) return worker.get();
  return nullptr;
}

}  // namespace dha
