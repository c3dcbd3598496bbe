// The trial searcher of a stage that continues with each outcome of an earlier one ("pick": "each"): one trial per
// outcome, in their order.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dha/trial_searcher.hpp"

namespace dha {

class OutcomeFanOut final : public TrialSearcher {
 public:
  // `architectures`: of the outcomes that trial 0, 1, … start from; "" if the stage has its own.
  OutcomeFanOut(std::vector<std::string> architectures, std::string earlier_stage)
      : architectures_(std::move(architectures)), earlier_stage_(std::move(earlier_stage)) {}

  void attach(const Space&, const Stage&) override {}
  std::optional<Trial> ask() override;
  void tell(const TrialOutcome& outcome) override;
  bool finished() const override { return next_ == static_cast<int64_t>(architectures_.size()); }
  std::vector<int64_t> outcomes() const override;  // by validation accuracy

 private:
  const std::vector<std::string> architectures_;
  const std::string earlier_stage_;
  int64_t next_ = 0;
  std::map<int64_t, double> accuracies_;  // of trials that finished
};

}  // namespace dha
