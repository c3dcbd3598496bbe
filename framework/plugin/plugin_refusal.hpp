// The reason why a candidate file is not used as a plugin (refused, or not needed): its state and one sentence.
#pragma once

#include <stdexcept>
#include <string>

#include "plugin/plugin_registry.hpp"

namespace dha {

// Thrown along the loading sequence and caught by the registry, which keeps both in the file's record.
class PluginRefusal : public std::runtime_error {
 public:
  PluginRefusal(PluginState state, const std::string& reason) : std::runtime_error(reason), state_(state) {}
  PluginState state() const noexcept { return state_; }

 private:
  PluginState state_;
};

}  // namespace dha
