// The names of the files in model/, and where that lies.
#pragma once

#include <filesystem>

namespace dha {

inline constexpr const char* kModelFile = "model.json";
inline constexpr const char* kWeightsFile = "weights.safetensors";
inline constexpr const char* kArchitectureFile = "architecture.json";

// The model of a run, or the folder itself where that is a model. Throws Error{kData} where there is neither.
std::filesystem::path model_folder(const std::filesystem::path& run_or_model);

}  // namespace dha
