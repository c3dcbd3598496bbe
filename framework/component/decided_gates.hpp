// The gates of a supernet that compute what a decided architecture computes: its candidates, each with weight 1.
#pragma once

#include "dha/architecture.hpp"

namespace dha {

// Frozen; weights as `options` say.
Gates decided_gates(const Decisions& decisions, const at::TensorOptions& options);

}  // namespace dha
