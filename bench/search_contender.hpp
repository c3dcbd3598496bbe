// Steps of a search, or of one of its architectures, through the host's own code, for measuring programs: CIFAR's
// shape, plain SGD, no augmentation.
#pragma once

#include <cstdint>
#include <string>

#include "stage_contender.hpp"

namespace dha::bench {

struct SearchSetup {
  // Components as JSON, as pipelines name them: {"use": "dha.cell", "channels": 16}. Where the searcher is empty, the
  // network is the lean one of `architecture`.
  std::string space, searcher, architecture;
  int64_t batch = 32;
  Progress progress = {};  // passed to the searcher in every step
};

class SearchContender : public StageContender {
 public:
  // `registry` outlives the object.
  SearchContender(const PluginRegistry& registry, const SearchSetup& setup);

  // Milliseconds of the searcher's part before a step, alone. dha.manas then finds nothing left to do in the step.
  double time_before_step();

  // Milliseconds of a forward pass with its loss, as searchers rate architectures.
  double time_evaluation();

  // The candidates that ran in the last weight step.
  Decisions path() const;

  int64_t parameters() const;
};

}  // namespace dha::bench
