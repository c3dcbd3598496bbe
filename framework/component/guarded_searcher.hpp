// A searcher with guarded calls.
#pragma once

#include "component/guarded_component.hpp"
#include "dha/searcher.hpp"

namespace dha {

class GuardedSearcher final : public GuardedComponent<Searcher> {
 public:
  using GuardedComponent::GuardedComponent;

  // The minor version of the SDK that appended constraint_handling() and Gates::needs_calibration.
  static constexpr uint32_t kMinorOfHandling = 2;

  void attach(const Space& space, const Stage& stage) override {
    call("attach", [&](Searcher& s) { s.attach(space, stage); });
  }
  void begin_epoch(const Progress& progress) override {
    call("begin_epoch", [&](Searcher& s) { s.begin_epoch(progress); });
  }
  void before_step(SearchServices& services) override {
    call("before_step", [&](Searcher& s) { s.before_step(services); });
  }
  Gates gates(const GateRequest& request) override {
    Gates gates = call("gates", [&](Searcher& s) { return s.gates(request); });
    if (sdk_minor() < kMinorOfHandling) gates.needs_calibration = false;  // the plugin did not set it
    return gates;
  }
  void learn(const SearchStep& step) override {
    call("learn", [&](Searcher& s) { s.learn(step); });
  }
  void end_epoch(SearchServices& services) override {
    call("end_epoch", [&](Searcher& s) { s.end_epoch(services); });
  }
  void end_stage(SearchServices& services) override {
    call("end_stage", [&](Searcher& s) { s.end_stage(services); });
  }
  bool finished() const override {
    return call("finished", [](Searcher& s) { return s.finished(); });
  }
  std::string architecture() const override {
    return call("architecture", [](Searcher& s) { return s.architecture(); });
  }
  std::string report() const override {
    return call("report", [](Searcher& s) { return s.report(); });
  }
  std::string constraint_handling() const override {
    if (sdk_minor() < kMinorOfHandling) return Searcher::constraint_handling();
    return call("constraint_handling", [](Searcher& s) { return s.constraint_handling(); });
  }
};

}  // namespace dha
