// A trial searcher with guarded calls.
#pragma once

#include "component/guarded_component.hpp"
#include "dha/trial_searcher.hpp"

namespace dha {

class GuardedTrialSearcher final : public GuardedComponent<TrialSearcher> {
 public:
  using GuardedComponent::GuardedComponent;

  // The minor version of the SDK that appended constraint_handling().
  static constexpr uint32_t kMinorOfHandling = 2;

  void attach(const Space& space, const Stage& stage) override {
    call("attach", [&](TrialSearcher& s) { s.attach(space, stage); });
  }
  std::optional<Trial> ask() override {
    return call("ask", [](TrialSearcher& s) { return s.ask(); });
  }
  bool keep_going(int64_t id, const EpochOutcome& outcome) override {
    return call("keep_going", [&](TrialSearcher& s) { return s.keep_going(id, outcome); });
  }
  void tell(const TrialOutcome& outcome) override {
    call("tell", [&](TrialSearcher& s) { s.tell(outcome); });
  }
  bool finished() const override {
    return call("finished", [](TrialSearcher& s) { return s.finished(); });
  }
  bool needs_weights(int64_t id) const override {
    return call("needs_weights", [&](TrialSearcher& s) { return s.needs_weights(id); });
  }
  std::vector<int64_t> outcomes() const override {
    return call("outcomes", [](TrialSearcher& s) { return s.outcomes(); });
  }
  std::vector<Artefact> artefacts() const override {
    return call("artefacts", [](TrialSearcher& s) { return s.artefacts(); });
  }
  std::string report() const override {
    return call("report", [](TrialSearcher& s) { return s.report(); });
  }
  std::string constraint_handling() const override {
    if (sdk_minor() < kMinorOfHandling) return TrialSearcher::constraint_handling();
    return call("constraint_handling", [](TrialSearcher& s) { return s.constraint_handling(); });
  }
};

}  // namespace dha
