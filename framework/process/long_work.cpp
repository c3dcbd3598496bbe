#include "process/long_work.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "process/steady_seconds.hpp"

namespace dha {

namespace {

constexpr std::chrono::milliseconds kPeriod(200);

// The mutex is also held while work is shown, so that nothing is shown of work that has ended.
struct Registry {
  std::mutex mutex;
  std::condition_variable_any begun;
  std::vector<const LongWork*> works;  // from the outermost to the innermost
  LongWorkWatch::Show ended;           // of the watch
};

Registry& registry() {
  static Registry one;
  return one;
}

// Blocks the signals of this thread, and of those that it starts, which are for the threads that do the program's work.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

LongWork::LongWork(std::string name, int64_t total) : begun_(steady_seconds()) {
  state_.name = std::move(name);
  state_.total = total;
  const std::lock_guard lock(registry().mutex);
  registry().works.push_back(this);
  registry().begun.notify_all();
}

LongWork::~LongWork() {
  Registry& known = registry();
  const std::lock_guard lock(known.mutex);
  std::erase(known.works, this);
  if (known.works.empty() && known.ended) known.ended(nullptr);
}

void LongWork::advance(int64_t count) {
  const std::lock_guard lock(registry().mutex);
  state_.done += count;
}

void LongWork::set(std::string_view name, int64_t done, int64_t total) {
  const std::lock_guard lock(registry().mutex);
  if (state_.name != name) begun_ = steady_seconds();
  state_ = {std::string(name), done, total};
}

LongWorkWatch::LongWorkWatch(Show show) : show_(std::move(show)) {
  {
    const std::lock_guard lock(registry().mutex);
    registry().ended = show_;
  }
  const BlockedSignals blocked;
  try {
    thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
  } catch (const std::system_error&) {
    // Where the system has no more threads, the work is done without being shown.
  }
}

LongWorkWatch::~LongWorkWatch() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  const std::lock_guard lock(registry().mutex);
  registry().ended = nullptr;
}

void LongWorkWatch::watch(const std::stop_token& stop) {
  Registry& known = registry();
  std::unique_lock lock(known.mutex);
  while (!stop.stop_requested()) {
    if (!known.begun.wait(lock, stop, [&] { return !known.works.empty(); })) return;
    known.begun.wait_for(lock, stop, kPeriod, [] { return false; });
    if (stop.stop_requested() || known.works.empty()) continue;
    const LongWorkState state = innermost();
    show_(&state);
  }
}

LongWorkState LongWorkWatch::innermost() {
  const std::vector<const LongWork*>& works = registry().works;
  LongWorkState state = works.back()->state_;
  const double now = steady_seconds();
  state.seconds = now - works.back()->begun_;
  state.outer_seconds = now - works.front()->begun_;
  return state;
}

}  // namespace dha
