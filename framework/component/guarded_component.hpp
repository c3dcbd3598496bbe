// The base of GuardedSearcher and the other guarded components, which stand in for the plugin's object and guard each
// function of their interface (component_slot.hpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "component/component_slot.hpp"

namespace dha {

template <class Kind>
class GuardedComponent : public Kind, public ComponentSlot<Kind> {
 public:
  using ComponentSlot<Kind>::ComponentSlot;

  State state() const override {
    return this->call("state", [](Kind& c) { return c.state(); });
  }
  void restore(const State& state, RestoreReason reason) override {
    this->call("restore", [&](Kind& c) { c.restore(state, reason); });
  }
  std::vector<std::string> needs() const override {
    return this->call("needs", [](Kind& c) { return c.needs(); });
  }
  void* capability(std::string_view id) override {
    return this->call("capability", [&](Kind& c) { return c.capability(id); });
  }
};

}  // namespace dha
