#include "dha/nas/decided_gates.hpp"

#include <ATen/ops/ones.h>

namespace dha::nas {

Gates decided_gates(const Decisions& decisions, const at::TensorOptions& options, bool frozen) {
  Gates gates;
  gates.needs_gradient = false;
  gates.needs_calibration = true;
  for (const std::vector<int64_t>& kept : decisions)
    gates.choices.push_back({kept, at::ones({static_cast<int64_t>(kept.size())}, options), {}, frozen});
  return gates;
}

}  // namespace dha::nas
