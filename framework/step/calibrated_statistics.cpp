#include "step/calibrated_statistics.hpp"

#include <ATen/core/grad_mode.h>

#include "data/stage_data.hpp"
#include "model/precision.hpp"
#include "process/long_work.hpp"
#include "step/scoped_mode.hpp"

namespace dha {

namespace {

// Batch statistics that move the running ones, and nothing that is random.
constexpr NetworkMode kCalibrationMode{
    .batch_statistics = true, .update_statistics = true, .drop_path = 0, .auxiliary_head = false};

std::vector<at::Tensor> buffers_of(const Network& network) {
  std::vector<at::Tensor> buffers;
  for (const NamedTensor& buffer : network.buffers()) buffers.push_back(buffer.tensor);
  return buffers;
}

// Returns the number of batches with a readable image.
int64_t pass(const StageParts& parts, const Gates& gates, BatchFeed& images, const EvaluationSetting& setting,
             LongWork& work) {
  int64_t passed = 0;
  images.begin(0, 0);
  while (const std::optional<Batch> batch = images.next()) {
    if (batch->labels.size(0) == 0) continue;
    const PrecisionScope scope(setting.precision, setting.device);
    parts.network().forward(setting.normalizer(batch->images), gates);
    ++passed;
    work.advance();
  }
  return passed;
}

}  // namespace

CalibratedStatistics::CalibratedStatistics(const StageParts& parts, const Gates& gates, BatchFeed& images,
                                           const EvaluationSetting& setting)
    : trained_(buffers_of(parts.network())) {
  if (parts.network().buffers().empty()) return;
  const at::NoGradGuard no_grad;
  const ScopedMode mode(parts, kCalibrationMode);
  LongWork work("recomputing batch statistics", kCalibrationBatches);
  int64_t passed = pass(parts, gates, images, setting, work);
  for (const int64_t again = passed; again > 0 && passed < kCalibrationBatches; passed += again)
    pass(parts, gates, images, setting, work);
}

}  // namespace dha
