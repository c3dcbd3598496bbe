// The finished trials of a search, ranked by one measurement: TrialSearcher::outcomes() of a search with one objective.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dha/trial_searcher.hpp"

namespace dha::nas {

enum class Objective { kLargest, kSmallest };

class FinishedTrials {
 public:
  struct Entry {
    int64_t id = 0;
    double value = 0;
  };

  // `quantity`: the measurement to compare.
  explicit FinishedTrials(std::string quantity = quantity::kValidationAccuracy,
                          Objective objective = Objective::kLargest);

  // Keeps a finished trial if its measurement exists and is finite. Returns whether it was kept.
  bool add(const TrialOutcome& outcome);

  // The best first; ties by lower id.
  const std::vector<Entry>& ranked() const { return ranked_; }
  std::vector<int64_t> ids() const;
  std::vector<int64_t> best(int64_t count) const;  // the first `count` of ids(), or all

  // A text for TrialSearcher::report(): the numbers of proposed and finished trials, what they are compared by, and the
  // best.
  std::string report(int64_t proposed) const;

 private:
  std::string quantity_;
  Objective objective_;
  std::vector<Entry> ranked_;
};

}  // namespace dha::nas
