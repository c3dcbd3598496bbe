// A component of a stage: the object, its context, and the guard around every call into it.
//
// Every exception of a call arrives as ComponentError, with the component's id, the name of the call and the location
// in the pipeline file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
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
  // Creates the component. `path`: unique in the run, such as "search/augment.1".
  ComponentSlot(const PluginRegistry& registry, const ContextServices& services, const ComponentUse& use,
                const std::string& path)
      : use_(use), context_(std::make_unique<ComponentContext>(services, use.id, path)) {
    guarded([&] {
      component_ = registry.create<Interface>(use.id, use.params_json, *context_);
      sdk_minor_ = registry.find(Interface::kKind, use.id).sdk_minor;
    });
  }

  const std::string& id() const { return use_.id; }
  const ComponentUse& use() const { return use_; }
  ComponentContext& context() const { return *context_; }

  // The minor version of the SDK that the plugin was built with: functions that were appended later must not be called.
  uint32_t sdk_minor() const { return sdk_minor_; }

  // The plugin's own object, for passing it to a plugin: a searcher is attached to the plugin's space.
  const std::shared_ptr<Interface>& object() const { return component_; }

  // Calls the component; `name` is the call's name in messages: slot.call("info", [](Dataset& d) { return d.info(); }).
  template <class Call>
  decltype(auto) call(std::string_view name, Call&& call) const {
    return guarded([&]() -> decltype(auto) {
      return guarded_call(use_.id, name, [&]() -> decltype(auto) { return call(*component_); });
    });
  }

 private:
  template <class Call>
  decltype(auto) guarded(Call&& call) const {
    try {
      return call();
    } catch (const Error& error) {
      throw ComponentError(error, use_);
    }
  }

  ComponentUse use_;
  std::unique_ptr<ComponentContext> context_;  // outlives the component
  std::shared_ptr<Interface> component_;
  uint32_t sdk_minor_ = 0;
};

}  // namespace dha
