// Moves weights by a multiple of a displacement for the lifetime of the object, and restores them exactly afterwards.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "step/saved_tensors.hpp"

namespace dha {

class Displacement {
 public:
  // weights[i] + scale * displacement[i] for defined entries; does nothing if the list is empty. Throws
  // Error{kContractViolation} that names `searcher` if the list has another length or a displacement another shape than
  // its weight, because results would not show this.
  Displacement(const std::vector<at::Tensor>& weights, const std::vector<at::Tensor>& displacement, double scale,
               const std::string& searcher);

 private:
  std::optional<SavedTensors> saved_;
};

}  // namespace dha
