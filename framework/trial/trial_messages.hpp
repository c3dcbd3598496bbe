// The messages between a trial's process and the stage, one line each: epochs and errors one way, whether to continue
// the other.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dha/component.hpp"
#include "dha/error.hpp"

namespace dha {

// Whether an error ends the run, because every other trial would have it too, and not only its trial.
bool ends_the_run(ErrorCode code);

// Answers to an epoch.
inline constexpr const char* kGo = "go";
inline constexpr const char* kStop = "stop";

// The message of a finished epoch, and of an error that ends the process.
struct TrialMessage {
  std::optional<EpochOutcome> epoch;
  std::optional<Error> error;
  bool ends_the_run = false;  // the error is not the trial's fault: every other trial would have it too
};

std::string epoch_message(const EpochOutcome& epoch);
std::string error_message(const Error& error);

// Throws Error{kInternal} for a line that neither function writes.
TrialMessage parse_trial_message(std::string_view line);

}  // namespace dha
