// All plugins that were found, with what each offers or why it was refused, and the way to create a component.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dha/abi.h"
#include "dha/context.hpp"

namespace dha {

class PluginLibrary;

enum class PluginState { kLoaded, kNotAPlugin, kLoadFailed, kIncompatible, kInvalidDescriptor, kDuplicateId };

// A component that can be created.
struct ComponentRecord {
  std::string kind, id, summary;
  std::string schema_json;  // for check_params()
  const dha_component* descriptor = nullptr;
  std::shared_ptr<const PluginLibrary> library;
};

// A candidate file and its fate. A refused one stays in the list with its reason.
struct PluginRecord {
  std::filesystem::path file;  // canonical
  PluginState state = PluginState::kLoaded;
  std::string reason;  // one sentence; empty where loaded
  std::string name, version, vendor, license;
  std::vector<std::string> component_ids;
};

class PluginRegistry {
 public:
  PluginRegistry();

  // Loads every candidate file of `directories`, in order, one level of sub-folders deep, sorted by name.
  // A directory that does not exist is an error where `required`, else passed over.
  void load_directory(const std::filesystem::path& directory, bool required);

  // Offers a component that is linked into the program (for tests). `descriptor` outlives the registry.
  void add(const dha_plugin& descriptor);

  const std::vector<PluginRecord>& plugins() const { return plugins_; }

  // Components of a kind ("" for all), sorted by kind and id.
  std::vector<const ComponentRecord*> components(std::string_view kind = "") const;

  // Throws Error{kNotFound} naming the nearest id of that kind, or the refused plugin that offers it.
  const ComponentRecord& find(std::string_view kind, std::string_view id) const;

  // Creates a component from completed parameters. The object keeps its library. What its constructor throws becomes
  // Error with the component's id and "create" in the text. `context` outlives the object.
  template <class Interface>
  std::shared_ptr<Interface> create(std::string_view id, const std::string& params_json, Context& context) const {
    return std::static_pointer_cast<Interface>(create_object(Interface::kKind, id, params_json, context));
  }

 private:
  std::shared_ptr<void> create_object(std::string_view kind, std::string_view id, const std::string& params_json,
                                      Context& context) const;

  std::vector<PluginRecord> plugins_;
  std::vector<ComponentRecord> components_;
};

}  // namespace dha
