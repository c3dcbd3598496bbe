// The components that tests of pipeline files know, with the parameters of real ones but nothing behind them.
#pragma once

#include "plugin/plugin_registry.hpp"

namespace dha::test {

PluginRegistry component_registry();

}  // namespace dha::test
