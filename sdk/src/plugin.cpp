#include "dha/plugin.hpp"

#include <cstdio>

namespace dha::detail {

void describe_exception(dha_error* error) noexcept {
  try {
    const Error caught = caught_error(ErrorCode::kPluginFault);
    error->code = static_cast<int32_t>(caught.code());
    std::snprintf(error->text, sizeof error->text, "%s", caught.what());
  } catch (...) {  // not even the sentence finds memory
    error->code = static_cast<int32_t>(ErrorCode::kResource);
    std::snprintf(error->text, sizeof error->text, "out of memory");
  }
}

PluginTables::PluginTables(const char* abi_tag, uint32_t sdk_minor, const char* name, const char* version,
                           const char* vendor, const char* license, std::vector<PluginEntry> entries)
    : entries_(std::move(entries)) {
  components_.reserve(entries_.size());
  for (const PluginEntry& entry : entries_) {
    if (entry.create == nullptr) {
      descriptor_.initialize = entry.initialize;
      descriptor_.accelerator_library = entry.accelerator_library;
      continue;
    }
    components_.push_back({entry.kind.c_str(), entry.id.c_str(), entry.summary.c_str(), entry.params_json.c_str(),
                           entry.create, entry.destroy});
  }
  descriptor_.struct_size = sizeof(dha_plugin);
  descriptor_.abi_layout = DHA_ABI_LAYOUT;
  descriptor_.abi_tag = abi_tag;
  descriptor_.sdk_minor = sdk_minor;
  descriptor_.name = name;
  descriptor_.version = version;
  descriptor_.vendor = vendor;
  descriptor_.license = license;
  descriptor_.component_size = sizeof(dha_component);
  descriptor_.component_count = static_cast<uint32_t>(components_.size());
  descriptor_.components = components_.data();
}

PluginTables::~PluginTables() = default;

}  // namespace dha::detail
