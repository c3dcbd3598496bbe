#include "process/signals.hpp"

#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "dha/error.hpp"
#include "process/time_limit.hpp"

namespace dha {

namespace {

// Handlers have no other way to reach the program than a global.
std::atomic<bool> stop{false};
std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a handler may only touch lock-free atomics");

extern "C" void on_stop_signal(int signal) {
  if (signal == SIGINT && interrupted.exchange(true)) _exit(130);
  stop = true;
}

void install(int signal, void (*handler)(int), struct sigaction* old) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;  // reads and writes under way go on
  sigemptyset(&action.sa_mask);
  if (sigaction(signal, &action, old) != 0) throw Error(ErrorCode::kInternal, "cannot install a signal handler");
}

}  // namespace

StopSignals::StopSignals() {
  stop = interrupted = false;
  install(SIGINT, on_stop_signal, &old_interrupt_);
  install(SIGTERM, on_stop_signal, &old_terminate_);
  if (sigaction(SIGHUP, nullptr, &old_hangup_) == 0 && old_hangup_.sa_handler != SIG_IGN)
    install(SIGHUP, on_stop_signal, &old_hangup_);
  install(SIGPIPE, SIG_IGN, &old_pipe_);
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &old_interrupt_, nullptr);
  sigaction(SIGTERM, &old_terminate_, nullptr);
  sigaction(SIGHUP, &old_hangup_, nullptr);
  sigaction(SIGPIPE, &old_pipe_, nullptr);
}

bool stop_requested() noexcept { return stop_reason() != StopReason::kNone; }

StopReason stop_reason() noexcept {
  if (stop.load(std::memory_order_relaxed)) return StopReason::kUser;
  return time_is_over() ? StopReason::kTime : StopReason::kNone;
}

const char* stop_in_words() noexcept { return stop_reason() == StopReason::kTime ? "out of time" : "interrupted"; }

}  // namespace dha
