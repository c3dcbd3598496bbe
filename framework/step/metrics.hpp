// The metrics measured on images. Add a new metric only here: rows, results, tables and the epoch outcomes that
// components receive take their names from this list.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "dha/space.hpp"

namespace dha {

// The mean over images of a number per image.
struct Metric {
  const char* name;  // "loss"; "validation_loss" and so on in rows
  // double (), on the device: the sum over a batch. labels: int64 (N).
  at::Tensor (*sum)(const NetworkOutput& output, const at::Tensor& labels);
};

// "loss" (cross entropy of the main head) and "accuracy" come first.
const std::vector<Metric>& metrics();

}  // namespace dha
