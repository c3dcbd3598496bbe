// The files about what a stage learned: architecture, policy, and the trained model.
#pragma once

#include <string>

#include "component/stage_parts.hpp"
#include "storage/run_directory.hpp"

namespace dha {

// architecture.json, its drawing architecture.svg, and policy.json. Throws Error{kIo}.
void write_learned(const RunDirectory& directory, const StageParts& parts, const std::string& architecture);

// model/: weights.safetensors, architecture.json, and model.json with what a program needs to use them; of the weights
// that the network holds at the moment. Throws Error{kIo}.
void write_model(const RunDirectory& directory, const StageParts& parts, const std::string& architecture,
                 const DatasetInfo& info);

}  // namespace dha
