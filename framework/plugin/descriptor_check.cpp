#include "plugin/descriptor_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <regex>
#include <set>

#include "dha/abi_tag.hpp"
#include "dha/augmenter.hpp"
#include "dha/dataset.hpp"
#include "dha/error.hpp"
#include "dha/hyper_optimizer.hpp"
#include "dha/nearest_name.hpp"
#include "dha/params.hpp"
#include "dha/searcher.hpp"
#include "dha/space.hpp"
#include "dha/trial_searcher.hpp"
#include "plugin/plugin_refusal.hpp"

namespace dha {

namespace {

// More than this is a field read as a count that is none.
constexpr uint32_t kMostComponents = 4096;

[[noreturn]] void refuse(const std::string& reason) { throw PluginRefusal(PluginState::kInvalidDescriptor, reason); }

bool is_empty(const char* text) { return text == nullptr || *text == '\0'; }

std::map<std::string, std::string, std::less<>> fields_of(std::string_view tag) {
  std::map<std::string, std::string, std::less<>> fields;
  while (!tag.empty()) {
    const std::string_view field = tag.substr(0, tag.find(';'));
    tag.remove_prefix(std::min(tag.size(), field.size() + 1));
    const size_t equals = field.find('=');
    if (equals != std::string_view::npos) fields.emplace(field.substr(0, equals), field.substr(equals + 1));
  }
  return fields;
}

void check_text(const char* text, const std::string& owner, const char* field) {
  if (is_empty(text)) refuse(fmt::format("{} has no {}", owner, field));
}

void check_header(const dha_plugin& plugin) {
  check_text(plugin.name, "the plugin", "name");
  check_text(plugin.version, "the plugin", "version");
  check_text(plugin.vendor, "the plugin", "vendor");
  check_text(plugin.license, "the plugin", "license");
  static const std::regex semver(R"(\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?)");
  if (!std::regex_match(plugin.version, semver))
    refuse(fmt::format("version '{}' is not of the form 1.2.3", plugin.version));
  if (plugin.accelerator_library != nullptr) {
    const std::string_view name = plugin.accelerator_library;
    if (name.empty() || name.find('/') != std::string_view::npos)
      refuse(fmt::format("accelerator library '{}' must be the name of a file next to the plugin, without a folder",
                         name));
  }
}

void check_kind(const std::string& owner, const std::string& kind) {
  static const std::vector<std::string> kinds = {Dataset::kKind,  Augmenter::kKind,     HyperOptimizer::kKind,
                                                 Searcher::kKind, TrialSearcher::kKind, Space::kKind};
  if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) return;
  const std::string near = nearest(kind, kinds);
  refuse(fmt::format(
      "{} is of unknown kind '{}'; {}", owner, kind,
      near.empty() ? fmt::format("known are {}", fmt::join(kinds, ", ")) : fmt::format("did you mean '{}'?", near)));
}

void check_schema(const std::string& owner, const char* schema) {
  try {
    check_params(schema, "{}");
  } catch (const Error& e) {
    refuse(fmt::format("{}: {}", owner, e.what()));
  }
}

void check_component(const dha_component& component, uint32_t index) {
  check_text(component.id, fmt::format("component {}", index), "id");
  static const std::regex id_syntax("[a-z0-9_]+\\.[a-z0-9_]+");
  if (!std::regex_match(component.id, id_syntax))
    refuse(
        fmt::format("component id '{}' must have the form vendor.name, in lower case, digits and '_'", component.id));
  const std::string owner = fmt::format("component '{}'", component.id);
  check_text(component.kind, owner, "kind");
  check_kind(owner, component.kind);
  check_text(component.summary, owner, "summary");
  if (std::string_view(component.summary).find('\n') != std::string_view::npos)
    refuse(owner + " has a summary of more than one line");
  check_text(component.params_json, owner, "parameter schema");
  if (component.create == nullptr) refuse(owner + " has no create function");
  if (component.destroy == nullptr) refuse(owner + " has no destroy function");
  check_schema(owner, component.params_json);
}

}  // namespace

void check_layout(const dha_plugin* plugin) {
  if (plugin == nullptr)
    refuse(DHA_ENTRY_SYMBOL " returned no descriptor: the tables of the plugin's components could not be built");
  if (plugin->abi_layout != DHA_ABI_LAYOUT)
    throw PluginRefusal(
        PluginState::kIncompatible,
        fmt::format("descriptor layout: the host reads {}, the plugin has {}; rebuild the plugin with the SDK "
                    "of this host",
                    DHA_ABI_LAYOUT, plugin->abi_layout));
  if (plugin->struct_size < sizeof(dha_plugin))
    refuse(fmt::format("the descriptor has {} bytes, fewer than the {} of its layout", plugin->struct_size,
                       sizeof(dha_plugin)));
  if (plugin->component_count == 0 || plugin->component_count > kMostComponents || plugin->components == nullptr)
    refuse(fmt::format("the descriptor offers {} components{}, expected 1 to {}", plugin->component_count,
                       plugin->components == nullptr ? " and no table of them" : "", kMostComponents));
  if (plugin->component_size < sizeof(dha_component) || plugin->component_size % alignof(dha_component) != 0)
    refuse(fmt::format("an entry of the component table has {} bytes, expected at least {} and whole words",
                       plugin->component_size, sizeof(dha_component)));
}

void check_abi_tag(const dha_plugin& plugin) {
  const std::vector<std::string> differences =
      abi_differences(DHA_ABI_TAG, plugin.abi_tag == nullptr ? "" : plugin.abi_tag);
  if (differences.empty()) return;
  throw PluginRefusal(PluginState::kIncompatible,
                      fmt::format("built against an incompatible ABI ({}); rebuild it with the SDK of this host",
                                  fmt::join(differences, "; ")));
}

void check_sdk_minor(const dha_plugin& plugin) {
  if (plugin.sdk_minor <= DHA_SDK_VERSION_MINOR) return;
  throw PluginRefusal(PluginState::kIncompatible,
                      fmt::format("built with SDK {0}.{1}, which may call what this host's SDK {0}.{2} lacks; use a "
                                  "host of that version or later, or rebuild the plugin with the SDK of this host",
                                  DHA_SDK_VERSION_MAJOR, plugin.sdk_minor, DHA_SDK_VERSION_MINOR));
}

std::vector<std::string> abi_differences(std::string_view host_tag, std::string_view plugin_tag) {
  const auto host = fields_of(host_tag);
  const auto plugin = fields_of(plugin_tag);
  std::vector<std::string> differences;
  for (const char* field : {"sdk", "torch", "stdlib"}) {
    const auto wanted = host.find(field);
    const auto found = plugin.find(field);
    if (found == plugin.end())
      differences.push_back(fmt::format("{}: host has '{}', plugin names none", field, wanted->second));
    else if (found->second != wanted->second)
      differences.push_back(
          fmt::format("{}: host has '{}', plugin was built with '{}'", field, wanted->second, found->second));
  }
  return differences;
}

void check_content(const dha_plugin& plugin) {
  check_header(plugin);
  std::set<std::string_view> ids;
  for (uint32_t i = 0; i < plugin.component_count; ++i) {
    const dha_component& component = component_at(plugin, i);
    check_component(component, i);
    if (!ids.insert(component.id).second)
      throw PluginRefusal(PluginState::kDuplicateId,
                          fmt::format("it offers '{}' twice; a component id belongs to one component", component.id));
  }
}

const dha_component& component_at(const dha_plugin& plugin, uint32_t index) {
  const auto* table = reinterpret_cast<const std::byte*>(plugin.components);
  return *reinterpret_cast<const dha_component*>(table + size_t{index} * plugin.component_size);
}

}  // namespace dha
