#include "plugin/plugin_registry.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <tuple>

#include "dha/error.hpp"
#include "dha/nearest_name.hpp"
#include "plugin/descriptor_check.hpp"
#include "plugin/guarded_call.hpp"
#include "plugin/plugin_library.hpp"
#include "plugin/plugin_probe.hpp"
#include "plugin/plugin_refusal.hpp"
#include "plugin/plugin_search.hpp"
#include "process/program_name.hpp"

namespace dha {

namespace fs = std::filesystem;

namespace {

std::string text_of(const char* text) { return text == nullptr ? "" : text; }

std::string shown_file(const fs::path& file) { return file.empty() ? "the program itself" : file.string(); }

// What the plain C data says, whether or not the plugin is accepted: a refused plugin is then known by its name, and
// its components by theirs. The layout was checked.
void read_names(const dha_plugin& descriptor, PluginRecord& record) {
  record.name = text_of(descriptor.name);
  record.version = text_of(descriptor.version);
  record.vendor = text_of(descriptor.vendor);
  record.license = text_of(descriptor.license);
  for (uint32_t i = 0; i < descriptor.component_count; ++i)
    record.component_ids.push_back(text_of(component_at(descriptor, i).id));
}

// A library stays mapped, so that a second registry, as tests have, meets operators that are already registered;
// LibTorch ends the process over the second registration.
void initialize_once(const dha_plugin& descriptor) {
  static std::mutex mutex;
  static std::set<void (*)()> done;
  if (descriptor.initialize == nullptr) return;
  const std::lock_guard lock(mutex);
  if (done.count(descriptor.initialize) != 0) return;
  try {
    guarded_call(descriptor.name, "initialize", descriptor.initialize);
  } catch (const Error& e) {
    throw PluginRefusal(PluginState::kLoadFailed, e.what());
  }
  done.insert(descriptor.initialize);
}

ErrorCode code_of(PluginState state) {
  switch (state) {
    case PluginState::kDuplicateId:
      return ErrorCode::kDuplicate;
    case PluginState::kIncompatible:
      return ErrorCode::kIncompatible;
    case PluginState::kInvalidDescriptor:
      return ErrorCode::kInvalidDescriptor;
    case PluginState::kLoaded:
    case PluginState::kShadowed:
    case PluginState::kDisabled:
    case PluginState::kNotAPlugin:
    case PluginState::kLoadFailed:
      break;
  }
  return ErrorCode::kLoadFailed;
}

ErrorCode code_of(const dha_error& error) {
  const bool is_known =
      error.code >= static_cast<int32_t>(ErrorCode::kUsage) && error.code <= static_cast<int32_t>(kLastErrorCode);
  return is_known ? static_cast<ErrorCode>(error.code) : ErrorCode::kPluginFault;
}

int64_t refused_count(const std::vector<PluginRecord>& plugins) {
  return std::count_if(plugins.begin(), plugins.end(), is_refused);
}

std::string disabled_names(const std::vector<PluginRecord>& plugins) {
  std::string names;
  for (const PluginRecord& plugin : plugins)
    if (plugin.state == PluginState::kDisabled) names += (names.empty() ? "" : ", ") + plugin.file.string();
  return names;
}

std::string_view vendor_of(std::string_view id) { return id.substr(0, id.find('.')); }

// What to do about an id that no component of `known` has.
std::string advice_for(std::string_view id, const std::vector<std::string>& known) {
  const std::string near = nearest(id, known);
  std::string advice = "no plugin that was found offers any";
  if (!near.empty())
    advice = fmt::format("did you mean '{}'?", near);
  else if (!known.empty())
    advice = fmt::format("known are {}", fmt::join(known, ", "));
  if (!near.empty() && vendor_of(near) == vendor_of(id)) return advice;
  return advice + (near.empty() ? "; if" : " If") +
         " a plugin offers it, name its directory with --plugin-path or DHA_PLUGIN_PATH ('" + program_name() +
         " plugins' lists what was found)";
}

}  // namespace

bool is_refused(const PluginRecord& plugin) {
  return plugin.state != PluginState::kLoaded && plugin.state != PluginState::kShadowed &&
         plugin.state != PluginState::kDisabled;
}

std::string_view state_name(PluginState state) {
  switch (state) {
    case PluginState::kLoaded:
      return "loaded";
    case PluginState::kNotAPlugin:
      return "not-a-plugin";
    case PluginState::kLoadFailed:
      return "load-failed";
    case PluginState::kIncompatible:
      return "incompatible";
    case PluginState::kInvalidDescriptor:
      return "invalid-descriptor";
    case PluginState::kDuplicateId:
      return "duplicate-id";
    case PluginState::kShadowed:
      return "shadowed";
    case PluginState::kDisabled:
      return "disabled";
  }
  return "unknown";
}

PluginRegistry::PluginRegistry() = default;

void PluginRegistry::load_directory(const fs::path& directory, bool required) {
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored)) {
    if (!required) return;
    throw Error(ErrorCode::kUsage, fmt::format("plugin directory '{}' does not exist", directory.string()));
  }
  ++directories_;
  for (const fs::path& file : candidate_files(directory)) load_file(file);
  drop_accelerator_records();
}

void PluginRegistry::load_default_directory(const fs::path& directory) {
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored)) return;
  ++directories_;
  std::vector<fs::path> files;
  try {
    files = candidate_files(directory);
  } catch (const Error& e) {
    PluginRecord record;
    record.file = directory;
    record.state = PluginState::kLoadFailed;
    record.reason = e.what();
    record.directory = directories_;
    plugins_.push_back(std::move(record));
  }
  for (const fs::path& file : files)
    if (!pass_over(file, file.lexically_relative(directory))) load_file(file);
  drop_accelerator_records();
  for (const fs::path& file : files)
    if (is_in_use(file)) default_files_.emplace(file.lexically_relative(directory), fs::canonical(file));
}

void PluginRegistry::load_file(const fs::path& file) {
  if (!remember(file)) return;
  PluginRecord record;
  record.file = fs::canonical(file);
  record.directory = directories_;
  try {
    if (disabled_.count(record.file.stem().string()) != 0)
      throw PluginRefusal(PluginState::kDisabled, "DHA_DISABLED_PLUGINS names it");
    if (probes_) probe_plugin(record.file);
    const auto library = std::make_shared<const PluginLibrary>(record.file);
    adopt(library->descriptor(), library, record);
  } catch (const PluginRefusal& refusal) {
    record.state = refusal.state();
    record.reason = refusal.what();
  }
  plugins_.push_back(std::move(record));
}

void PluginRegistry::add(const dha_plugin& descriptor) {
  PluginRecord record;
  record.directory = directories_;
  try {
    adopt(&descriptor, nullptr, record);
  } catch (const PluginRefusal& refusal) {
    record.state = refusal.state();
    record.reason = refusal.what();
  }
  plugins_.push_back(std::move(record));
}

// Returns false where the file was met before, under this or any other name.
bool PluginRegistry::remember(const fs::path& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0)
    throw Error(ErrorCode::kUsage, fmt::format("plugin file '{}' does not exist", file.string()));
  return known_files_.emplace(status.st_dev, status.st_ino).second;
}

void PluginRegistry::adopt(const dha_plugin* descriptor, std::shared_ptr<const PluginLibrary> library,
                           PluginRecord& record) {
  check_layout(descriptor);
  read_names(*descriptor, record);
  const fs::path kernels = library == nullptr ? fs::path() : library->accelerator_library();
  if (!kernels.empty()) kernels_.insert(kernels);
  check_not_shadowed(*descriptor, record);
  check_abi_tag(*descriptor);
  check_sdk_minor(*descriptor);
  record.sdk_minor = descriptor->sdk_minor;
  check_content(*descriptor);
  check_unique(*descriptor, record);
  initialize_once(*descriptor);
  for (uint32_t i = 0; i < descriptor->component_count; ++i) {
    const dha_component& component = component_at(*descriptor, i);
    components_.push_back({component.kind, component.id, component.summary, component.params_json,
                           descriptor->sdk_minor, &component, library});
  }
  if (!kernels.empty()) accelerator_libraries_.push_back(kernels);
}

// Passes a file over where a default directory before its own has one of that name in use; false where none has.
bool PluginRegistry::pass_over(const fs::path& file, const fs::path& name) {
  const auto first = default_files_.find(name);
  if (first == default_files_.end()) return false;
  if (!remember(file) || kernels_.count(first->second) != 0) return true;
  PluginRecord record;
  record.file = fs::canonical(file);
  record.state = PluginState::kShadowed;
  record.reason = fmt::format("{} is loaded instead, from a directory that comes first", first->second.string());
  record.directory = directories_;
  plugins_.push_back(std::move(record));
  return true;
}

bool PluginRegistry::is_in_use(const fs::path& file) const {
  const fs::path canonical = fs::canonical(file);
  return kernels_.count(canonical) != 0 ||
         std::any_of(plugins_.begin(), plugins_.end(), [&](const PluginRecord& plugin) {
           return plugin.state == PluginState::kLoaded && plugin.file == canonical;
         });
}

// The loaded plugin that offers `id`; null where none does.
const PluginRecord* PluginRegistry::provider_of(const std::string& id) const {
  for (const PluginRecord& plugin : plugins_)
    if (plugin.state == PluginState::kLoaded &&
        std::find(plugin.component_ids.begin(), plugin.component_ids.end(), id) != plugin.component_ids.end())
      return &plugin;
  return nullptr;
}

// Comes before the ABI is compared: what is not needed may be of another version.
void PluginRegistry::check_not_shadowed(const dha_plugin& descriptor, const PluginRecord& record) const {
  const PluginRecord* first = nullptr;
  for (uint32_t i = 0; i < descriptor.component_count; ++i) {
    first = provider_of(text_of(component_at(descriptor, i).id));
    if (first == nullptr || first->directory == record.directory) return;
  }
  if (first != nullptr)
    throw PluginRefusal(
        PluginState::kShadowed,
        fmt::format("its components are loaded from {}, in a directory that comes first", shown_file(first->file)));
}

void PluginRegistry::check_unique(const dha_plugin& descriptor, const PluginRecord& record) const {
  for (uint32_t i = 0; i < descriptor.component_count; ++i) {
    const std::string id = component_at(descriptor, i).id;
    if (const PluginRecord* other = provider_of(id); other != nullptr)
      throw PluginRefusal(PluginState::kDuplicateId,
                          fmt::format("'{}' of {} is already offered by {}; remove one of the two", id,
                                      shown_file(record.file), shown_file(other->file)));
  }
}

// A library of CUDA kernels lies next to its plugin and is none itself. Which one belongs to a plugin that was not
// opened only its name tells.
void PluginRegistry::drop_accelerator_records() {
  const auto is_kernels = [&](const PluginRecord& record) {
    if (record.state != PluginState::kNotAPlugin) return false;
    const std::optional<fs::path> plugin = plugin_of_kernels(record.file);
    return kernels_.count(record.file) != 0 || (plugin && disabled_.count(plugin->stem().string()) != 0);
  };
  plugins_.erase(std::remove_if(plugins_.begin(), plugins_.end(), is_kernels), plugins_.end());
}

std::vector<const ComponentRecord*> PluginRegistry::components(std::string_view kind) const {
  std::vector<const ComponentRecord*> chosen;
  for (const ComponentRecord& component : components_)
    if (kind.empty() || component.kind == kind) chosen.push_back(&component);
  std::sort(chosen.begin(), chosen.end(), [](const ComponentRecord* a, const ComponentRecord* b) {
    return std::tie(a->kind, a->id) < std::tie(b->kind, b->id);
  });
  return chosen;
}

const ComponentRecord& PluginRegistry::find(std::string_view kind, std::string_view id) const {
  for (const ComponentRecord& component : components_) {
    if (component.id != id) continue;
    if (kind.empty() || component.kind == kind) return component;
    throw Error(ErrorCode::kNotFound, fmt::format("'{}' is of kind {}, not {}", id, component.kind, kind));
  }
  for (const PluginRecord& plugin : plugins_) {
    if (!is_refused(plugin)) continue;
    if (std::find(plugin.component_ids.begin(), plugin.component_ids.end(), id) == plugin.component_ids.end()) continue;
    throw Error(code_of(plugin.state), fmt::format("'{}' is offered by {}, which was refused ({}): {}", id,
                                                   shown_file(plugin.file), state_name(plugin.state), plugin.reason));
  }
  std::vector<std::string> known;
  for (const ComponentRecord* component : components(kind)) known.push_back(component->id);
  std::string advice = advice_for(id, known);
  if (const std::string names = disabled_names(plugins_); !names.empty())
    advice += fmt::format(" (DHA_DISABLED_PLUGINS disables {})", names);
  if (refused_count(plugins_) > 0)
    advice +=
        fmt::format(" ({} plugin files were refused: '{} plugins' says why)", refused_count(plugins_), program_name());
  throw Error(components_.empty() ? ErrorCode::kLoadFailed : ErrorCode::kNotFound,
              fmt::format("no {} is named '{}'; {}", kind.empty() ? "component" : kind, id, advice));
}

std::shared_ptr<void> PluginRegistry::create_object(std::string_view kind, std::string_view id,
                                                    const std::string& params_json, Context& context) const {
  const ComponentRecord& record = find(kind, id);
  dha_error error{};
  void* object = guarded_call(id, "create", [&] {
    return record.descriptor->create(params_json.c_str(), static_cast<void*>(&context), &error);
  });
  if (object == nullptr) {
    error.text[sizeof error.text - 1] = '\0';
    if (error.text[0] == '\0')
      throw Error(ErrorCode::kContractViolation, "returned nothing and no error")
          .within("create")
          .within(std::string(id));
    throw Error(code_of(error), error.text).within("create").within(std::string(id));
  }
  // The deleter's code lies in the host and holds the library: one that lay in the plugin could return into memory that
  // is no longer mapped.
  return std::shared_ptr<void>(
      object, [library = record.library, destroy = record.descriptor->destroy](void* pointer) { destroy(pointer); });
}

}  // namespace dha
