// The one exception that means something to host and plugin alike: a code that chooses the exit status, one sentence,
// and where it happened.
//
// A component throws dha::Error for what its user can fix (a missing file, an impossible setting). The sentence says
// what, where, what was found, what was expected and what to do next; lower case, no exclamation mark. Anything else
// that a component throws is reported by the host as a fault of that component.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "dha/export.hpp"

namespace dha {

// Plugins carry the numbers: new ones come at the end.
enum class ErrorCode {
  kUsage = 1,          // command line
  kInvalidConfig,      // pipeline file
  kInvalidParameter,   // a component's parameter
  kNotFound,           // a name that nothing answers to
  kDuplicate,          // one id in two files
  kLoadFailed,         // the dynamic linker refused a plugin
  kIncompatible,       // another SDK, LibTorch or standard library
  kInvalidDescriptor,  // a plugin describes itself wrongly
  kPluginFault,        // a component threw
  kContractViolation,  // a component returned what its interface forbids
  kData,               // data set files
  kDevice,             // an accelerator that is not there
  kDiverged,           // a loss that is no longer finite
  kCancelled,          // interrupted by the user
  kIo,                 // a file that could not be written
  kInternal,
  kResource,  // no memory left, on the host or the device
};

// The highest code that this version knows.
inline constexpr ErrorCode kLastErrorCode = ErrorCode::kResource;

class DHA_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message);
  ~Error() override;
  ErrorCode code() const noexcept { return code_; }

  // Where it happened, from the outside in: {"dha.tau", "apply"}. what() has these in front of the sentence.
  const std::vector<std::string>& context() const noexcept { return context_; }

  // The same error with one more context around it.
  Error within(const std::string& context) const;

 private:
  ErrorCode code_;
  std::vector<std::string> context_;
};

// The exception that is being handled, as an Error: one that is an Error already as it is; a shortage of memory, the
// device's included, as kResource with how much was asked for where that is known; everything else as `otherwise`,
// c10::Error without its backtrace.
DHA_API Error caught_error(ErrorCode otherwise);

}  // namespace dha
