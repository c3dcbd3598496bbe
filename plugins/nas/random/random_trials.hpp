// dha.random: a trial searcher that proposes random architectures, none twice while the space has others.
#pragma once

#include <map>
#include <set>
#include <string>

#include "dha/plugin.hpp"

namespace dha {

class RandomTrials : public TrialSearcher {
 public:
  static Schema schema();
  RandomTrials(const Params& params, Context& context);

  State state() const override;
  void restore(const State& state) override;
  void attach(const Space& space, const std::string& tunable_json) override;
  std::optional<Trial> ask() override;
  bool keep_going(int64_t, const EpochOutcome&) override { return true; }
  void tell(const TrialOutcome& outcome) override;
  bool finished() const override { return false; }
  bool needs_weights(int64_t) const override { return false; }
  std::string report() const override;
  std::optional<Trial> best() const override;

 private:
  Context& context_;
  int64_t retries_;
  const Space* space_ = nullptr;
  int64_t next_id_ = 0;
  std::map<int64_t, std::string> open_;  // architectures of trials that were asked for and not told
  std::set<std::string> seen_;
  std::optional<Trial> best_;
  double best_accuracy_ = 0;
};

}  // namespace dha
