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

EvaluationWeights::EvaluationWeights(const StageParts& parts, const Gates& gates, BatchFeed& calibration,
                                     const EvaluationSetting& setting) {
  const std::vector<at::Tensor> weights = parts.hyper().evaluation_weights();
  if (!weights.empty()) check(weights, parts);
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!weights[i].defined()) continue;
    replaced_.push_back(parts.weights()[i]);
    trained_.push_back(replaced_.back().detach().clone());
  }
  try {
    for (size_t i = 0; i < weights.size(); ++i)
      if (weights[i].defined()) parts.weights()[i].copy_(weights[i]);
    if (!weights.empty() || gates.needs_calibration) statistics_.emplace(parts, gates, calibration, setting);
  } catch (...) {
    put_back();
    throw;
  }
}

void EvaluationWeights::put_back() {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < replaced_.size(); ++i) replaced_[i].copy_(trained_[i]);
}

EvaluationWeights::~EvaluationWeights() {
  try {
    put_back();
  } catch (const std::exception&) {  // a device that failed: the error that unwinds says so, or the next call will
  }
}

}  // namespace dha
