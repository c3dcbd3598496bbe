// Components of the one plugin whose sources are linked into the test.
#pragma once

#include "support/plugin_component.hpp"

extern "C" const dha_plugin* dha_plugin_entry(void);

namespace dha::test {

// As component_of().
template <class Interface>
std::unique_ptr<Interface> linked_component(std::string_view id, Context& context, std::string_view params = "{}") {
  return component_of<Interface>(*dha_plugin_entry(), id, context, params);
}

}  // namespace dha::test
