#include "step/displacement.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_copy.h>
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
  std::vector<at::Tensor> steps;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!displacement[i].defined()) continue;
    moved_.push_back(weights[i]);
    copies_.push_back(weights[i].detach().clone());
    steps.push_back(displacement[i]);
  }
  if (!moved_.empty()) at::_foreach_add_(moved_, steps, scale);
}

Displacement::~Displacement() {
  if (moved_.empty()) return;
  const at::NoGradGuard no_grad;
  try {
    at::_foreach_copy_(moved_, copies_);
  } catch (const std::exception&) {  // a device that failed: the error that unwinds says so, or the next call will
  }
}

}  // namespace dha
