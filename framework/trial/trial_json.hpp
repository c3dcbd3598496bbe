// Trials and outcomes as JSON, with numbers as report/quantities_json.hpp writes them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "dha/trial_searcher.hpp"

namespace dha {

nlohmann::ordered_json to_json(const Trial& trial);
nlohmann::ordered_json to_json(const TrialOutcome& outcome);
nlohmann::ordered_json to_json(const EpochOutcome& outcome);

// These throw nlohmann::json::exception or Error{kData} if `json` is not what the functions above write.
Trial trial_from_json(const nlohmann::ordered_json& json);
TrialOutcome trial_outcome_from_json(const nlohmann::ordered_json& json);
EpochOutcome epoch_outcome_from_json(const nlohmann::ordered_json& json);

// "finished", "failed", "stopped", "rejected".
std::string_view status_name(TrialStatus status);
// Throws Error{kData} for another name.
TrialStatus status_from_name(std::string_view name);

}  // namespace dha
