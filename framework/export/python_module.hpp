// Writes a trained network as a Python file that needs torch and safetensors only.
//
// The file defines a torch.nn.Module for this architecture, which takes uint8 images (N, channels, height, width) and
// returns logits (N, classes), with the names of weights.safetensors; and load(path).
#pragma once

#include <string>

#include "export/exported_model.hpp"

namespace dha {

// The content of the file. Throws Error{kInvalidConfig} that names a weight whose name cannot be that of a Python
// attribute.
std::string python_module(const ExportedModel& model);

}  // namespace dha
