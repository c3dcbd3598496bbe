#include "step/displacement.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <fmt/format.h>

#include "dha/error.hpp"

namespace dha {

namespace {

void check(const std::vector<at::Tensor>& weights, const std::vector<at::Tensor>& displacement,
           const std::string& searcher) {
  if (displacement.size() != weights.size())
    throw Error(ErrorCode::kContractViolation,
                fmt::format("{} requested an evaluation at displaced weights with {} displacements for {} weights",
                            searcher, displacement.size(), weights.size()));
  for (size_t i = 0; i < weights.size(); ++i)
    if (displacement[i].defined() && displacement[i].sizes() != weights[i].sizes())
      throw Error(
          ErrorCode::kContractViolation,
          fmt::format(
              "{} requested an evaluation at displaced weights, but displacement {} has another shape than its weight",
              searcher, i));
}

}  // namespace

Displacement::Displacement(const std::vector<at::Tensor>& weights, const std::vector<at::Tensor>& displacement,
                           double scale, const std::string& searcher) {
  if (displacement.empty()) return;
  check(weights, displacement, searcher);
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> moved, steps;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!displacement[i].defined()) continue;
    moved.push_back(weights[i]);
    steps.push_back(displacement[i]);
  }
  saved_.emplace(moved);
  if (!moved.empty()) at::_foreach_add_(moved, steps, scale);
}

}  // namespace dha
