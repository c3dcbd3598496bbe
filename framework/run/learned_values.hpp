// One line for each thing that a run learned, for a person: the course of hyper-parameters, choices, policies.
#pragma once

#include <string>
#include <vector>

#include "stage/stage_result.hpp"
#include "storage/run_directory.hpp"

namespace dha {

// "learning_rate  0.03 to 0.005 in search, 0.0055 at the end of final", from the run's hyper.csv and policy.json and
// the results of its stages. A policy is measured by its divergence from the uniform one (Kullback and Leibler), in
// nat. What a run does not have is left out. Throws Error{kIo} if a file cannot be read.
std::vector<std::string> learned_values(const RunDirectory& directory, const std::vector<StageResult>& results);

}  // namespace dha
