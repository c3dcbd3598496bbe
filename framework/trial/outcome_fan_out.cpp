#include "trial/outcome_fan_out.hpp"

#include <algorithm>

namespace dha {

std::optional<Trial> OutcomeFanOut::ask() {
  if (finished()) return std::nullopt;
  Trial trial;
  trial.id = next_++;
  trial.architecture = from_[static_cast<size_t>(trial.id)].architecture;
  trial.settings = from_[static_cast<size_t>(trial.id)].settings;
  trial.start.emplace();
  trial.start->stage = earlier_stage_;
  return trial;
}

void OutcomeFanOut::tell(const TrialOutcome& outcome) {
  if (outcome.status == TrialStatus::kFinished || outcome.status == TrialStatus::kStopped)
    accuracies_[outcome.id] = outcome.measurements.find(quantity::kValidationAccuracy).value_or(0);
}

std::vector<int64_t> OutcomeFanOut::outcomes() const {
  std::vector<int64_t> ids;
  for (const auto& [id, accuracy] : accuracies_) ids.push_back(id);
  std::stable_sort(ids.begin(), ids.end(), [&](int64_t a, int64_t b) { return accuracies_.at(a) > accuracies_.at(b); });
  return ids;
}

}  // namespace dha
