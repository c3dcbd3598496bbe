// A stage on random images of CIFAR's shape whose steps are timed: what the contenders of measuring programs share.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "model/normalizer.hpp"
#include "plugin/plugin_registry.hpp"
#include "step/joint_step.hpp"

namespace dha::bench {

// The images that steps are measured on.
DatasetInfo images_of_cifar();
Batch random_batch(int64_t size);

// A component with its parameters completed by their defaults.
ComponentUse component_use(const PluginRegistry& registry, const char* kind, const std::string& id,
                           const nlohmann::json& params);

class StageContender {
 public:
  // `registry` outlives the object.
  StageContender(const PluginRegistry& registry, const StageConfig& config, int64_t batch);

  // Milliseconds of a step; begin() comes before.
  double time();

  const StageParts& parts() const { return parts_; }

 protected:
  // Makes the network: the lean one of `architecture`, or as the stage says if that is empty.
  void begin(const std::string& architecture = "");

  DatasetInfo info_;
  StageParts parts_;
  StageData data_;
  Normalizer normalizer_;
  Criterion criterion_;
  LossScale loss_scale_;
  StepOptions options_;
  Progress progress_;  // passed to the components in every step
  Batch batch_;

 private:
  std::unique_ptr<JointStep> step_;
};

}  // namespace dha::bench
