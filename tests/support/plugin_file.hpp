// The descriptor of a plugin file, without the checks of the host.
#pragma once

#include <dlfcn.h>

#include <filesystem>
#include <stdexcept>

#include "dha/abi.h"

namespace dha::test {

// Plugins are resident: the descriptor stays good until the process ends. Initialises the plugin. Throws
// std::runtime_error for a file that cannot be loaded.
inline const dha_plugin& load_plugin(const std::filesystem::path& file) {
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(dlerror());
  const auto entry = reinterpret_cast<const dha_plugin* (*)()>(dlsym(library, DHA_ENTRY_SYMBOL));
  if (entry == nullptr) throw std::runtime_error(file.string() + " has no " DHA_ENTRY_SYMBOL);
  const dha_plugin* plugin = entry();
  if (plugin == nullptr) throw std::runtime_error(file.string() + " returned no descriptor");
  if (plugin->initialize != nullptr) plugin->initialize();
  return *plugin;
}

}  // namespace dha::test
