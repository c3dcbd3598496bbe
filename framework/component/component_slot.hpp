// A component in its place in a stage: the object, its id for messages, its context.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "component/component_context.hpp"
#include "component/component_error.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/guarded_call.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

template <class Interface>
class ComponentSlot {
 public:
  ComponentSlot() = default;

  // `place`: unique in the run, such as "search/augment.1".
  ComponentSlot(const PluginRegistry& registry, const ContextServices& services, const ComponentUse& use,
                const std::string& place)
      : use_(use), context_(std::make_unique<ComponentContext>(services, use.id, place)) {
    placed([&] { component_ = registry.create<Interface>(use.id, use.params_json, *context_); });
  }

  explicit operator bool() const { return component_ != nullptr; }
  const std::string& id() const { return use_.id; }
  ComponentContext& context() const { return *context_; }

  // Calls the component with what it throws translated, as ComponentError: slot.call("apply", [&](Augmenter& a) {
  // return a.apply(…); }).
  template <class Call>
  decltype(auto) call(std::string_view name, Call&& call) const {
    return placed([&]() -> decltype(auto) {
      return guarded_call(use_.id, name, [&]() -> decltype(auto) { return call(*component_); });
    });
  }

  const std::shared_ptr<Interface>& shared() const { return component_; }

 private:
  template <class Call>
  decltype(auto) placed(Call&& call) const {
    try {
      return call();
    } catch (const Error& error) {
      throw ComponentError(error, use_);
    }
  }

  ComponentUse use_;
  std::unique_ptr<ComponentContext> context_;  // outlives the component
  std::shared_ptr<Interface> component_;
};

}  // namespace dha
