// Components made through a plugin's descriptor, as the host makes them.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "dha/abi.h"
#include "dha/context.hpp"
#include "dha/params.hpp"

namespace dha::test {

// `params`: JSON text; defaults are filled in. `context` outlives the component. Throws std::runtime_error where the
// plugin has no such component, its schema refuses the parameters, or the component its creation.
template <class Interface>
std::unique_ptr<Interface> component_of(const dha_plugin& plugin, std::string_view id, Context& context,
                                        std::string_view params = "{}") {
  for (uint32_t i = 0; i < plugin.component_count; ++i) {
    const dha_component& component = plugin.components[i];
    if (component.id != id || std::string_view(component.kind) != Interface::kKind) continue;
    const ParamCheck check = check_params(component.params_json, params);
    if (!check.problems.empty()) throw std::runtime_error(check.problems[0].pointer + check.problems[0].message);
    dha_error error{};
    void* object = component.create(check.completed.c_str(), static_cast<Context*>(&context), &error);
    if (object == nullptr) throw std::runtime_error(error.text);
    return std::unique_ptr<Interface>(static_cast<Interface*>(object));
  }
  throw std::runtime_error("the plugin has no component " + std::string(id));
}

}  // namespace dha::test
