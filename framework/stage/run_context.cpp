#include "stage/run_context.hpp"

#include "model/precision.hpp"

namespace dha {

StageEnvironment environment_of(const RunContext& run, const StageConfig& stage) {
  return {run.registry,
          run.services,
          run.dataset.info(),
          weight_type(run.config.precision),
          run.config.channels_last,
          count_images(choose_stage_images(run.images, stage, run.config.seed))};
}

}  // namespace dha
