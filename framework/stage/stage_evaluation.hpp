// The evaluations due at the end of an epoch: validation before the components receive its result, test images if the
// epoch is the best so far or the last.
#pragma once

#include <string>

#include "component/stage_parts.hpp"
#include "data/stage_data.hpp"
#include "stage/stage_checkpoints.hpp"
#include "stage/stage_position.hpp"
#include "step/evaluate.hpp"

namespace dha {

class StageEvaluation {
 public:
  // References outlive the object.
  StageEvaluation(const StageParts& parts, const StageData& data, const EvaluationSetting& setting, Log& log,
                  const StageCheckpoints& checkpoints)
      : parts_(parts), data_(data), setting_(setting), log_(log), checkpoints_(checkpoints) {}

  // Leaves what the network predicts for each image in position.predictions.
  void keep_predictions() { keeps_predictions_ = true; }

  // Whether the current epoch is to be validated, according to evaluate_every or because it is the last.
  bool is_validation_due(const StagePosition& position) const;

  // Both throw Error{kCancelled} when the user asks to stop, and Error{kDiverged} if a decided network's loss is not
  // finite. The result is in position.measurements; that of a search is also compared with the network that the weight
  // steps train, in position.supernet.
  void validate(StagePosition& position) const;
  void test(StagePosition& position) const;

  bool can_validate() const { return data_.validation != nullptr; }
  bool can_test() const { return data_.test != nullptr; }

 private:
  Progress progress(const StagePosition& position) const;
  std::string place_of(const StagePosition& position) const;
  Measurement measure(BatchFeed& feed, const Gates& gates, const char* split, const StagePosition& position,
                      const OutputObserver& observe = {}) const;
  SupernetComparison compare_supernet(const Gates& derived, const Measurement& of_derived,
                                      const std::vector<at::Tensor>& classes, const StagePosition& position) const;

  const StageParts& parts_;
  const StageData& data_;
  EvaluationSetting setting_;
  Log& log_;
  const StageCheckpoints& checkpoints_;
  bool keeps_predictions_ = false;
};

}  // namespace dha
