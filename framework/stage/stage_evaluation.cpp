#include "stage/stage_evaluation.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <cmath>

#include "dha/error.hpp"
#include "process/long_work.hpp"
#include "step/evaluation_weights.hpp"

namespace dha {

namespace {

bool are_equal(const Gates& a, const Gates& b) {
  for (size_t i = 0; i < a.choices.size(); ++i)
    if (a.choices[i].active != b.choices[i].active || !a.choices[i].weights.equal(b.choices[i].weights)) return false;
  return true;
}

}  // namespace

bool StageEvaluation::is_validation_due(const StagePosition& position) const {
  return can_validate() &&
         ((position.epoch + 1) % parts_.config().evaluate_every == 0 || position.epoch + 1 == position.last_epoch);
}

void StageEvaluation::validate(StagePosition& position) const {
  const Gates gates = parts_.gates(GatePurpose::kEvaluation, progress(position));
  std::vector<at::Tensor> classes;
  PredictionRecorder recorder;
  const auto keep = [&](const NetworkOutput& output, const Batch& batch) {
    if (parts_.searches()) classes.push_back(output.logits.argmax(1));
    if (keeps_predictions_) recorder.add(output, batch);
  };
  position.measurements.validation = measure(*data_.validation, gates, "validation", position, keep);
  if (keeps_predictions_) position.predictions.validation = recorder.result();
  if (parts_.searches())
    position.supernet = compare_supernet(gates, *position.measurements.validation, classes, position);
}

void StageEvaluation::test(StagePosition& position) const {
  const Gates gates = parts_.gates(GatePurpose::kEvaluation, progress(position));
  PredictionRecorder recorder;
  const auto keep = [&](const NetworkOutput& output, const Batch& batch) {
    if (keeps_predictions_) recorder.add(output, batch);
  };
  position.measurements.test = measure(*data_.test, gates, "test", position, keep);
  if (keeps_predictions_) position.predictions.test = recorder.result();
}

// As the bar has it.
std::string StageEvaluation::place_of(const StagePosition& position) const {
  return fmt::format("{} {}/{}", parts_.config().name, position.epoch + 1, position.last_epoch);
}

Progress StageEvaluation::progress(const StagePosition& position) const {
  return {position.epoch, parts_.config().epochs, position.step, data_.train->steps()};
}

// `classes`: of the derived network's predictions for each batch.
SupernetComparison StageEvaluation::compare_supernet(const Gates& derived, const Measurement& of_derived,
                                                     const std::vector<at::Tensor>& classes,
                                                     const StagePosition& position) const {
  const Gates trained = parts_.gates(GatePurpose::kSearch, progress(position));
  if (are_equal(trained, derived)) return {of_derived.accuracy(), 1};
  LongWork work(place_of(position) + " validation of the supernet", data_.validation->steps());
  size_t next = 0;
  at::Tensor agreeing = at::zeros({}, at::TensorOptions(setting_.device).dtype(at::kLong));
  const auto count = [&](const NetworkOutput& output, const Batch&) {
    agreeing = agreeing.add(output.logits.argmax(1).eq(classes.at(next++)).sum());
    work.advance();
  };
  const Measurement found = evaluate(parts_, trained, *data_.validation, setting_, Stop::kAtOnce, count);
  return {found.accuracy(), static_cast<double>(agreeing.item<int64_t>()) / static_cast<double>(found.images)};
}

Measurement StageEvaluation::measure(BatchFeed& feed, const Gates& gates, const char* split,
                                     const StagePosition& position, const OutputObserver& observe) const {
  const auto calibration = [this]() -> BatchFeed& { return *data_.calibration; };
  const EvaluationWeights weights(parts_, gates, calibration, setting_);
  LongWork work(fmt::format("{} {}", place_of(position), split), feed.steps());
  const auto observe_and_count = [&](const NetworkOutput& output, const Batch& batch) {
    if (observe) observe(output, batch);
    work.advance();
  };
  const Measurement found = evaluate(parts_, gates, feed, setting_, Stop::kAtOnce, observe_and_count);
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
