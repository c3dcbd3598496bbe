// All plugins found, with their components or the reason for refusal; creates components.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dha/abi.h"
#include "dha/context.hpp"

namespace dha {

class PluginLibrary;

enum class PluginState {
  kLoaded,
  kNotAPlugin,
  kLoadFailed,
  kIncompatible,
  kInvalidDescriptor,
  kDuplicateId,
  kShadowed,  // an earlier directory of the search has the same components
  kDisabled   // disabled by the user
};

// The state as people read it: "loaded", "not-a-plugin", "load-failed", "incompatible", "invalid-descriptor",
// "duplicate-id", "shadowed", "disabled".
std::string_view state_name(PluginState state);

// A component that can be created.
struct ComponentRecord {
  std::string kind, id, summary;
  std::string schema_json;  // for check_params()
  // Minor version of the SDK that its plugin was built with: functions that were appended to its interface in a later
  // one must not be called.
  uint32_t sdk_minor = 0;
  const dha_component* descriptor = nullptr;
  std::shared_ptr<const PluginLibrary> library;
};

// A candidate file and its state. A refused one stays in the list with its reason.
struct PluginRecord {
  std::filesystem::path file;  // canonical
  PluginState state = PluginState::kLoaded;
  std::string reason;  // one sentence; empty if loaded
  std::string name, version, vendor, license;
  uint32_t sdk_minor = 0;
  std::vector<std::string> component_ids;
  int64_t directory = 0;  // counts the directories that were loaded before it and its own
};

// Whether the file was refused: it is neither loaded nor shadowed nor disabled.
bool is_refused(const PluginRecord& plugin);

class PluginRegistry {
 public:
  PluginRegistry();

  // Loads every candidate file of `directory`, one level of sub-folders deep, sorted by name. Directories are loaded in
  // the order of the search. A missing directory is an error (kUsage) if `required`, else ignored.
  // Of two plugins of one directory that offer the same component id the second is refused; one of a later directory
  // that offers nothing new is shadowed, so that one set can override another. A file that was found before,
  // even under another name, has no second record.
  void load_directory(const std::filesystem::path& directory, bool required);

  // Like load_directory(), for a place of the default components. A file is not even opened where an earlier such place
  // has one of the same name that is in use: the other may be of another version of dha. One that cannot be read is
  // recorded as a refused file.
  void load_default_directory(const std::filesystem::path& directory);

  // Loads one candidate file. Throws Error{kUsage} if it does not exist; its record contains all other errors.
  void load_file(const std::filesystem::path& file);

  // From now on opens each file in a child process first: one that ends the process while it is loaded, as a static
  // initialiser that throws does, is then refused instead. Costs a few milliseconds per file.
  void probe_in_child() { probes_ = true; }

  // From now on a file of one of these names, without ".so", is recorded as disabled and not opened.
  void disable(std::set<std::string> names) { disabled_ = std::move(names); }

  // Offers a component that is linked into the program (for tests). `descriptor` outlives the registry. An invalid one
  // is recorded as refused, like a file.
  void add(const dha_plugin& descriptor);

  const std::vector<PluginRecord>& plugins() const { return plugins_; }

  // Libraries with CUDA kernels of the loaded plugins, in loading order: to be opened once an accelerator is in use.
  const std::vector<std::filesystem::path>& accelerator_libraries() const { return accelerator_libraries_; }

  // Components of a kind ("" for all), sorted by kind and id.
  std::vector<const ComponentRecord*> components(std::string_view kind = "") const;

  // Throws Error{kNotFound} naming the nearest id of that kind; kLoadFailed where no component at all is there. Where a
  // refused plugin offers the id, the error names that plugin with its reason and has the code of the refusal
  // (kLoadFailed, kIncompatible, kInvalidDescriptor, kDuplicate).
  const ComponentRecord& find(std::string_view kind, std::string_view id) const;

  // Creates a component from completed parameters. The object keeps its library. What its constructor throws becomes
  // Error with the component's id and "create" in the text. `context` outlives the object.
  template <class Interface>
  std::shared_ptr<Interface> create(std::string_view id, const std::string& params_json, Context& context) const {
    return std::static_pointer_cast<Interface>(create_object(Interface::kKind, id, params_json, context));
  }

  // Like create(), of a kind that is known by name only ("" for any): the interface pointer of its kind.
  std::shared_ptr<void> create_object(std::string_view kind, std::string_view id, const std::string& params_json,
                                      Context& context) const;

 private:
  bool remember(const std::filesystem::path& file);
  void adopt(const dha_plugin* descriptor, std::shared_ptr<const PluginLibrary> library, PluginRecord& record);
  bool pass_over(const std::filesystem::path& file, const std::filesystem::path& name);
  bool is_in_use(const std::filesystem::path& file) const;
  const PluginRecord* provider_of(const std::string& id) const;
  void check_not_shadowed(const dha_plugin& descriptor, const PluginRecord& record) const;
  void check_unique(const dha_plugin& descriptor, const PluginRecord& record) const;
  void drop_accelerator_records();

  bool probes_ = false;
  std::set<std::string> disabled_;
  std::vector<PluginRecord> plugins_;
  std::vector<ComponentRecord> components_;
  std::vector<std::filesystem::path> accelerator_libraries_;
  std::set<std::filesystem::path> kernels_;  // those, and the ones of plugins that are shadowed
  std::map<std::filesystem::path, std::filesystem::path> default_files_;  // name below its directory -> file in use
  int64_t directories_ = 0;
  std::set<std::pair<uint64_t, uint64_t>> known_files_;  // device and inode
};

}  // namespace dha
