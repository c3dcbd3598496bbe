#include "stage_contender.hpp"

#include <ATen/ops/randint.h>

#include <nlohmann/json.hpp>

#include "dha/params.hpp"
#include "timing.hpp"

namespace dha::bench {

DatasetInfo images_of_cifar() {
  DatasetInfo info;
  info.classes = 10;
  info.channels = 3;
  info.height = info.width = 32;
  info.mean = {0.4914, 0.4822, 0.4465};
  info.standard_deviation = {0.2470, 0.2435, 0.2616};
  return info;
}

Batch random_batch(int64_t size) {
  return {at::randint(256, {size, 3, 32, 32}, at::kByte), at::randint(10, {size}, at::kLong)};
}

ComponentUse component_use(const PluginRegistry& registry, const char* kind, const std::string& id,
                           const nlohmann::json& params) {
  return {id, check_params(registry.find(kind, id).schema_json, params.dump()).completed};
}

StageContender::StageContender(const PluginRegistry& registry, const StageConfig& config, int64_t batch)
    : info_(images_of_cifar()),
      parts_(config, {registry, {}, info_, at::kFloat, true}, "bench"),
      normalizer_(info_, at::kFloat, true),
      criterion_(0),
      loss_scale_("fp32", at::kCPU),
      batch_(random_batch(batch)) {}

void StageContender::begin(const std::string& architecture) {
  parts_.make_network(architecture);
  step_ = std::make_unique<JointStep>(parts_, data_, normalizer_, criterion_, loss_scale_, options_);
}

double StageContender::time() {
  return milliseconds([&] { step_->run(step_->input_for(batch_), progress_); });
}

}  // namespace dha::bench
