// How a failure ends the program: the sentence on the error stream and the exit status.
#pragma once

#include <string>

#include "app/command.hpp"
#include "dha/error.hpp"

namespace dha::app {

// The status that belongs to an error code.
ExitStatus exit_status(ErrorCode code) noexcept;

struct Failure {
  std::string message;  // may have several lines, one per problem
  ExitStatus status;
};

// Describes the exception being handled, whatever it is.
Failure describe_failure();

}  // namespace dha::app
