// The trial searcher of a stage that continues with each outcome of an earlier one ("pick": "each"): one trial per
// outcome, in their order.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dha/trial_searcher.hpp"

namespace dha {

// What a trial takes of the outcome that it starts from.
struct FannedOutcome {
  std::string architecture;  // "" where the stage has its own
  std::string settings;      // JSON object
};

class OutcomeFanOut final : public TrialSearcher {
 public:
  // `from`: the outcomes that trial 0, 1, … start from.
  OutcomeFanOut(std::vector<FannedOutcome> from, std::string earlier_stage)
      : from_(std::move(from)), earlier_stage_(std::move(earlier_stage)) {}

  void attach(const Space&, const Stage&) override {}
  std::optional<Trial> ask() override;
  void tell(const TrialOutcome& outcome) override;
  bool finished() const override { return next_ == static_cast<int64_t>(from_.size()); }
  std::vector<int64_t> outcomes() const override;  // by validation accuracy

 private:
  const std::vector<FannedOutcome> from_;
  const std::string earlier_stage_;
  int64_t next_ = 0;
  std::map<int64_t, double> accuracies_;  // of trials that finished
};

}  // namespace dha
