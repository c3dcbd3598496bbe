// Steps of a search, or of one of its architectures, through the host's own code, for measuring programs: CIFAR's
// shape, plain SGD, no augmentation.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "model/normalizer.hpp"
#include "plugin/plugin_registry.hpp"
#include "step/joint_step.hpp"

namespace dha::bench {

struct SearchSetup {
  // Components as JSON, as pipelines name them: {"use": "dha.cell", "channels": 16}. Where the searcher is empty, the
  // network is the lean one of `architecture`.
  std::string space, searcher, architecture;
  int64_t batch = 32;
  Progress progress = {};  // passed to the searcher in every step
};

class SearchContender {
 public:
  // `registry` outlives the object.
  SearchContender(const PluginRegistry& registry, const SearchSetup& setup);

  // Milliseconds of a step: the searcher's part before it, and the weight step.
  double time();

  // Milliseconds of the searcher's part before a step, alone. dha.manas then finds nothing left to do in the step.
  double time_before_step();

  // Milliseconds of a forward pass with its loss, as searchers rate architectures.
  double time_evaluation();

  // The candidates that ran in the last weight step.
  Decisions path() const;

  const StageParts& parts() const { return parts_; }
  int64_t parameters() const;

 private:
  SearchSetup setup_;
  DatasetInfo info_;
  StageParts parts_;
  StageData data_;
  Normalizer normalizer_;
  Criterion criterion_;
  LossScale loss_scale_;
  StepOptions options_;
  std::unique_ptr<JointStep> step_;
  Batch batch_;
};

}  // namespace dha::bench
