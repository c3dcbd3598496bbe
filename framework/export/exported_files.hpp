// The files of model/ for other programs: model.onnx, model.py, and README.md, which says how to use them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "export/exported_model.hpp"

namespace dha {

inline constexpr const char* kOnnxFile = "model.onnx";
inline constexpr const char* kPythonFile = "model.py";
inline constexpr const char* kReadmeFile = "README.md";

// Writes the files, each whole or not at all, and returns for each format in which the model cannot be written one
// sentence that says why; the file in that format is removed. Throws Error{kIo}.
std::vector<std::string> write_exported_files(const std::filesystem::path& folder, const ExportedModel& model);

}  // namespace dha
