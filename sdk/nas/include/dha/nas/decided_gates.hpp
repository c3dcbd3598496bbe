// Gates of a decided architecture, for finished searchers and for carrying weights out of a supernet.
#pragma once

#include <ATen/core/Tensor.h>

#include "dha/architecture.hpp"

namespace dha::nas {

// The kept candidates of every choice, each with weight 1, without a gradient. `options`: floating type and device.
// `frozen`: ChoiceGates::frozen, true once the search is finished. Evaluations of a supernet calibrate
// (Gates::needs_calibration), because its weight steps run other gates.
Gates decided_gates(const Decisions& decisions, const at::TensorOptions& options, bool frozen = true);

}  // namespace dha::nas
