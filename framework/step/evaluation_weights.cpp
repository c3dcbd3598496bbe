#include "step/evaluation_weights.hpp"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "dha/error.hpp"

namespace dha {

namespace {

void check(const std::vector<at::Tensor>& weights, const StageParts& parts) {
  if (weights.size() != parts.weights().size())
    throw Error(ErrorCode::kContractViolation,
                fmt::format("{}: evaluation_weights() returned {} tensors for {} weights", parts.hyper().id(),
                            weights.size(), parts.weights().size()));
  for (size_t i = 0; i < weights.size(); ++i)
    if (weights[i].defined() && weights[i].sizes() != parts.weights()[i].sizes())
      throw Error(ErrorCode::kContractViolation,
                  fmt::format("{}: evaluation_weights() returned another shape than that of weight '{}'",
                              parts.hyper().id(), parts.named_weights()[i].name));
}

}  // namespace

EvaluationWeights::EvaluationWeights(const StageParts& parts, const Gates& gates,
                                     const std::function<BatchFeed&()>& calibration, const EvaluationSetting& setting) {
  const std::vector<at::Tensor> weights = parts.hyper().evaluation_weights();
  if (!weights.empty()) check(weights, parts);
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> replaced, values;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!weights[i].defined()) continue;
    replaced.push_back(parts.weights()[i]);
    values.push_back(weights[i]);
  }
  trained_.emplace(replaced);
  for (size_t i = 0; i < replaced.size(); ++i) replaced[i].copy_(values[i]);
  if (!weights.empty() || gates.needs_calibration) statistics_.emplace(parts, gates, calibration(), setting);
}

}  // namespace dha
