// Writes a trained network in the format of ONNX.
//
// Opset 13 and IR 7, which every runtime of the last years reads. Input "images": uint8 (N, channels, height, width)
// with any N; outputs "logits" and "probabilities": float (N, classes). The graph normalises the images itself. Weights
// are float and have the names of weights.safetensors. Batch norms stay nodes; the gate behind one is part of its
// weights.
#pragma once

#include <string>

#include "export/exported_model.hpp"

namespace dha {

// The content of the file. Throws Error{kInvalidConfig} if it would have more than the 2 GiB that its format allows.
std::string onnx_file(const ExportedModel& model);

}  // namespace dha
