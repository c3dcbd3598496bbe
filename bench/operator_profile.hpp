// Says where time goes by operator: LibTorch's, those of dha, and the parts of a joint step that they are called in.
#pragma once

#include <ATen/record_function.h>

#include <string>

namespace dha::bench {

// Records the operators that the thread which made it runs, while it lives. One at a time in a process.
//
// An operator's time is its own: what it calls counts for that. Threads that an operator shares its work with are not
// seen, only how long it took.
class OperatorProfile {
 public:
  OperatorProfile();
  ~OperatorProfile();
  OperatorProfile(const OperatorProfile&) = delete;
  OperatorProfile& operator=(const OperatorProfile&) = delete;

  // Part of the step, operator, calls and milliseconds a step, share of `milliseconds`, which all steps took together;
  // the slowest first.
  std::string table(int steps, double milliseconds) const;

 private:
  at::CallbackHandle handle_;
};

}  // namespace dha::bench
