#include "step/evaluation_weights.hpp"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "dha/error.hpp"
#include "model/precision.hpp"
#include "step/scoped_mode.hpp"

namespace dha {

namespace {

// Batch statistics that move the running ones, and nothing that is random.
constexpr NetworkMode kCalibrationMode{
    .batch_statistics = true, .update_statistics = true, .drop_path = 0, .auxiliary_head = false};

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

EvaluationWeights::EvaluationWeights(const StageParts& parts, BatchFeed& calibration, const EvaluationSetting& setting)
    : parts_(parts) {
  const std::vector<at::Tensor> weights = parts.hyper().evaluation_weights();
  if (weights.empty()) return;
  check(weights, parts);
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < weights.size(); ++i)
    if (weights[i].defined()) replaced_.push_back(parts.weights()[i]);
  for (const NamedTensor& buffer : parts.network().buffers()) replaced_.push_back(buffer.tensor);
  for (const at::Tensor& tensor : replaced_) trained_.push_back(tensor.detach().clone());
  try {
    for (size_t i = 0; i < weights.size(); ++i)
      if (weights[i].defined()) parts.weights()[i].copy_(weights[i]);
    calibrate(calibration, setting);
  } catch (...) {
    put_back();
    throw;
  }
}

void EvaluationWeights::calibrate(BatchFeed& calibration, const EvaluationSetting& setting) const {
  if (parts_.network().buffers().empty()) return;
  const ScopedMode mode(parts_, kCalibrationMode);
  const Gates gates = parts_.gates(GatePurpose::kEvaluation, {});
  calibration.begin(0, 0);
  while (const std::optional<Batch> batch = calibration.next()) {
    if (batch->labels.size(0) == 0) continue;
    const PrecisionScope scope(setting.precision, setting.device);
    parts_.network().forward(setting.normalizer(batch->images), gates);
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
