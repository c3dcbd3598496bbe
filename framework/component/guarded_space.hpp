// A space with guarded calls, which also guards the networks that it creates.
#pragma once

#include "component/guarded_component.hpp"
#include "component/guarded_network.hpp"
#include "dha/space.hpp"

namespace dha {

class GuardedSpace final : public GuardedComponent<Space> {
 public:
  using GuardedComponent::GuardedComponent;

  void prepare(const DatasetInfo& info) override {
    call("prepare", [&](Space& s) { s.prepare(info); });
  }
  const std::vector<Choice>& choices() const override {
    return call("choices", [](Space& s) -> const std::vector<Choice>& { return s.choices(); });
  }
  std::unique_ptr<Network> supernet(const at::TensorOptions& options) override {
    return std::make_unique<GuardedNetwork>(call("supernet", [&](Space& s) { return s.supernet(options); }), use());
  }
  std::unique_ptr<Network> lean(const std::string& architecture, const at::TensorOptions& options) override {
    return std::make_unique<GuardedNetwork>(call("lean", [&](Space& s) { return s.lean(architecture, options); }),
                                            use());
  }
  // Both networks are guarded ones.
  int64_t carry_weights(const Network& from, const Gates& gates, Network& to, CarryMode mode) const override {
    const Network& source = static_cast<const GuardedNetwork&>(from).object();
    Network& target = static_cast<GuardedNetwork&>(to).object();
    return call("carry_weights", [&](Space& s) { return s.carry_weights(source, gates, target, mode); });
  }
  std::string architecture(const Decisions& decisions) const override {
    return call("architecture", [&](Space& s) { return s.architecture(decisions); });
  }
  Decisions decisions(const std::string& architecture) const override {
    return call("decisions", [&](Space& s) { return s.decisions(architecture); });
  }
  void validate(const std::string& architecture) const override {
    call("validate", [&](Space& s) { s.validate(architecture); });
  }
  std::string sample(at::Generator generator) const override {
    return call("sample", [&](Space& s) { return s.sample(generator); });
  }
  std::string mutate(const std::string& architecture, at::Generator generator) const override {
    return call("mutate", [&](Space& s) { return s.mutate(architecture, generator); });
  }
  Quantities cost(const std::string& architecture) const override {
    return call("cost", [&](Space& s) { return s.cost(architecture); });
  }
  Quantities candidate_cost(int64_t choice, int64_t candidate) const override {
    return call("candidate_cost", [&](Space& s) { return s.candidate_cost(choice, candidate); });
  }
  std::vector<ArchitectureGraph> graphs(const std::string& architecture) const override {
    return call("graphs", [&](Space& s) { return s.graphs(architecture); });
  }
};

}  // namespace dha
