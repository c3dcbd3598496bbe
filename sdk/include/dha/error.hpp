// The exception that host and plugins share: a code that selects the exit status, one sentence, and where it happened.
//
// A component throws dha::Error for problems that its user can fix (a missing file, an impossible setting). The
// sentence says what happened, where, what was found, what was expected and what to do next; lower case, no exclamation
// mark. The host reports any other exception as a fault of the component.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "dha/export.hpp"

namespace dha {

// Plugins contain these numbers: append new codes at the end.
enum class ErrorCode {
  kUsage = 1,          // command line
  kInvalidConfig,      // pipeline file
  kInvalidParameter,   // a component's parameter
  kNotFound,           // an unknown name
  kDuplicate,          // one id in two files
  kLoadFailed,         // the dynamic linker refused a plugin
  kIncompatible,       // another SDK, LibTorch or standard library
  kInvalidDescriptor,  // a plugin's description of itself is invalid
  kPluginFault,        // a component threw another exception
  kContractViolation,  // a component returned what its interface forbids
  kData,               // data set files
  kDevice,             // an accelerator that is not available
  kDiverged,           // a loss that is not finite
  kCancelled,          // interrupted by the user
  kIo,                 // a file that could not be written
  kInternal,
  kResource,  // out of memory, on the host or the device
};

// The highest code that this version knows.
inline constexpr ErrorCode kLastErrorCode = ErrorCode::kResource;

class DHA_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message);
  ~Error() override;
  ErrorCode code() const noexcept { return code_; }

  // Where it happened, from the outside in: {"dha.tau", "apply"}. what() begins with these.
  const std::vector<std::string>& context() const noexcept { return context_; }

  // The same error with one more context around it.
  Error within(const std::string& context) const;

 private:
  ErrorCode code_;
  std::vector<std::string> context_;
};

// Returns the exception being handled as an Error. An Error is returned unchanged. A shortage of host or device memory
// becomes kResource, with the requested size if known. Everything else becomes `otherwise`, c10::Error without its
// backtrace.
DHA_API Error caught_error(ErrorCode otherwise);

}  // namespace dha
