// Ctrl-C, kill and a closed terminal ask a run to stop after its next checkpoint instead of ending it.
#pragma once

#include <csignal>

namespace dha {

// During its lifetime, SIGINT, SIGTERM and SIGHUP set the flag that stop_requested() reads; a second SIGINT ends the
// program at once with status 130. A SIGHUP that is ignored at the start, as under nohup, stays ignored. SIGPIPE is
// ignored, so that a closed reader (`dha run … | head`) does not end a training. One object at a time, created and
// destroyed by the main thread; the destructor restores the old handlers.
class StopSignals {
 public:
  StopSignals();   // clears the flag
  ~StopSignals();  // does not change the flag
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  struct sigaction old_interrupt_ {
  }, old_terminate_{}, old_hangup_{}, old_pipe_{};
};

// Whether a run is to stop after its next checkpoint: a signal has asked for it, or the time of a TimeLimit
// (process/time_limit.hpp) is over. [any thread]
bool stop_requested() noexcept;

// kUser if both hold.
enum class StopReason { kNone, kUser, kTime };

// [any thread]
StopReason stop_reason() noexcept;

// The beginning of a sentence on where a run stopped: "interrupted" or "out of time". [any thread]
const char* stop_in_words() noexcept;

}  // namespace dha
