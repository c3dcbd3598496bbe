// Checks a plugin's descriptor in the order in which its fields can be trusted: layout, ABI tag, content.
//
// Each function throws PluginRefusal. Nothing here calls into the plugin.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dha/abi.h"

namespace dha {

// Reads only the two fields that every layout has, then whether the rest is large enough to be read. Null is refused.
// After this the descriptor's fields may be read as the plain C data that they are.
void check_layout(const dha_plugin* plugin);

// Compares the plugin's ABI tag with the host's. After this the C++ types behind the interfaces may be touched.
void check_abi_tag(const dha_plugin& plugin);

// Refuses a plugin of a later minor version of the SDK, which may call functions that this host lacks. Call after
// check_abi_tag().
void check_sdk_minor(const dha_plugin& plugin);

// Names, versions, ids, kinds, create and destroy, and parameter schemas with their defaults; ids unique within the
// plugin.
void check_content(const dha_plugin& plugin);

// Component `index`, found by the plugin's own stride: a later SDK may have longer entries.
const dha_component& component_at(const dha_plugin& plugin, uint32_t index);

// One entry for each field that both tags must share and do not: "torch: host has '2.11.0', plugin was built with
// '2.10.0'". Fields that only the plugin has are informational and ignored.
std::vector<std::string> abi_differences(std::string_view host_tag, std::string_view plugin_tag);

}  // namespace dha
