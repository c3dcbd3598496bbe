#include "stage/stage_evaluation.hpp"

#include <fmt/format.h>

#include <cmath>

#include "dha/error.hpp"
#include "step/evaluation_weights.hpp"

namespace dha {

bool StageEvaluation::is_validation_due(const StagePosition& position) const {
  return can_validate() &&
         ((position.epoch + 1) % parts_.config().evaluate_every == 0 || position.epoch + 1 == position.last_epoch);
}

void StageEvaluation::validate(StagePosition& position) const {
  position.measurements.validation = measure(*data_.validation, "validation", position);
}

void StageEvaluation::test(StagePosition& position) const {
  position.measurements.test = measure(*data_.test, "test", position);
}

Measurement StageEvaluation::measure(BatchFeed& feed, const char* split, const StagePosition& position) const {
  const EvaluationWeights weights(parts_, *data_.calibration, setting_);
  const Progress progress{position.epoch, parts_.config().epochs, position.step, data_.train->steps()};
  const Measurement found = evaluate(parts_, parts_.gates(GatePurpose::kEvaluation, progress), feed, setting_);
  if (std::isfinite(found.loss())) return found;
  const std::string what = fmt::format("stage '{}': the {} loss is not a finite number after epoch {}",
                                       parts_.config().name, split, position.epoch + 1);
  // An architecture that a search has just turned to has statistics of its batch norms yet to learn.
  if (!parts_.searches())
    throw Error(ErrorCode::kDiverged, fmt::format("{} ({}); lower the learning rate or set gradient_clip", what,
                                                  checkpoints_.last_in_words()));
  log_.write(LogLevel::kWarning, "dha", what);
  return found;
}

}  // namespace dha
