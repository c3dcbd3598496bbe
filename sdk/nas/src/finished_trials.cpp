#include "dha/nas/finished_trials.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace dha::nas {

FinishedTrials::FinishedTrials(std::string quantity, Objective objective)
    : quantity_(std::move(quantity)), objective_(objective) {}

bool FinishedTrials::add(const TrialOutcome& outcome) {
  const std::optional<double> value = outcome.measurements.find(quantity_);
  if (outcome.status != TrialStatus::kFinished || !value || !std::isfinite(*value)) return false;
  const Entry entry{outcome.id, *value};
  const auto is_before = [this](const Entry& a, const Entry& b) {
    if (a.value != b.value) return objective_ == Objective::kLargest ? a.value > b.value : a.value < b.value;
    return a.id < b.id;
  };
  ranked_.insert(std::lower_bound(ranked_.begin(), ranked_.end(), entry, is_before), entry);
  return true;
}

std::vector<int64_t> FinishedTrials::ids() const {
  std::vector<int64_t> ids;
  for (const Entry& entry : ranked_) ids.push_back(entry.id);
  return ids;
}

std::vector<int64_t> FinishedTrials::best(int64_t count) const {
  std::vector<int64_t> best = ids();
  best.resize(std::min(best.size(), static_cast<size_t>(count)));
  return best;
}

std::string FinishedTrials::report(int64_t proposed) const {
  const char* better = objective_ == Objective::kLargest ? "greater" : "smaller";
  const nlohmann::ordered_json objective{{"quantity", quantity_}, {"better", better}};
  nlohmann::ordered_json report{
      {"proposed", proposed}, {"finished", ranked_.size()}, {"objectives", nlohmann::ordered_json::array({objective})}};
  if (!ranked_.empty()) report["best"] = {{"id", ranked_.front().id}, {quantity_, ranked_.front().value}};
  return report.dump();
}

}  // namespace dha::nas
