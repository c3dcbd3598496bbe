#include "step/calibrated_statistics.hpp"

#include <ATen/core/grad_mode.h>

#include "data/stage_data.hpp"
#include "model/precision.hpp"
#include "step/scoped_mode.hpp"

namespace dha {

namespace {

// Batch statistics that move the running ones, and nothing that is random.
constexpr NetworkMode kCalibrationMode{
    .batch_statistics = true, .update_statistics = true, .drop_path = 0, .auxiliary_head = false};

// Returns the number of batches with a readable image.
int64_t pass(const StageParts& parts, const Gates& gates, BatchFeed& images, const EvaluationSetting& setting) {
  int64_t passed = 0;
  images.begin(0, 0);
  while (const std::optional<Batch> batch = images.next()) {
    if (batch->labels.size(0) == 0) continue;
    const PrecisionScope scope(setting.precision, setting.device);
    parts.network().forward(setting.normalizer(batch->images), gates);
    ++passed;
  }
  return passed;
}

}  // namespace

CalibratedStatistics::CalibratedStatistics(const StageParts& parts, const Gates& gates, BatchFeed& images,
                                           const EvaluationSetting& setting) {
  const at::NoGradGuard no_grad;
  for (const NamedTensor& buffer : parts.network().buffers()) {
    buffers_.push_back(buffer.tensor);
    trained_.push_back(buffer.tensor.detach().clone());
  }
  if (buffers_.empty()) return;
  try {
    const ScopedMode mode(parts, kCalibrationMode);
    int64_t passed = pass(parts, gates, images, setting);
    for (const int64_t again = passed; again > 0 && passed < kCalibrationBatches; passed += again)
      pass(parts, gates, images, setting);
  } catch (...) {
    put_back();
    throw;
  }
}

void CalibratedStatistics::put_back() {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < buffers_.size(); ++i) buffers_[i].copy_(trained_[i]);
}

CalibratedStatistics::~CalibratedStatistics() {
  try {
    put_back();
  } catch (const std::exception&) {  // a device that failed: the error that unwinds says so, or the next call will
  }
}

}  // namespace dha
