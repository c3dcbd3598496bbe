// The README.md next to a trained network: what the files are, and short programs that use them.
#pragma once

#include <string>

#include "export/exported_model.hpp"

namespace dha {

// Markdown. Programs for files that are not there are left out.
std::string model_readme(const ExportedModel& model, bool has_onnx, bool has_python);

}  // namespace dha
