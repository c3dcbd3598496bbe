// Ctrl-C, kill and a closed terminal ask a run to stop after its next checkpoint instead of ending it.
#pragma once

#include <csignal>

namespace dha {

// While it lives, SIGINT, SIGTERM and SIGHUP set the flag that stop_requested() reads; a second SIGINT ends the program
// at once with status 130. A SIGHUP that is ignored at the start, as under nohup, stays ignored. SIGPIPE is ignored, so
// that a reader that goes away (`dha run … | head`) ends no training. One object at a time, made and destroyed by the
// main thread; the old handlers come back with the destructor.
class StopSignals {
 public:
  StopSignals();   // clears the flag
  ~StopSignals();  // leaves the flag as it is
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  struct sigaction old_interrupt_ {
  }, old_terminate_{}, old_hangup_{}, old_pipe_{};
};

// [any thread]
bool stop_requested() noexcept;

}  // namespace dha
