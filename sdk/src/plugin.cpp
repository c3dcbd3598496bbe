#include "dha/plugin.hpp"

#include <c10/util/Exception.h>

#include <cstdio>

namespace dha::detail {

namespace {

void fill(dha_error* error, ErrorCode code, const char* text) noexcept {
  error->code = static_cast<int32_t>(code);
  std::snprintf(error->text, sizeof error->text, "%s", text);
}

}  // namespace

void describe_exception(dha_error* error) noexcept {
  try {
    throw;
  } catch (const Error& e) {
    fill(error, e.code(), e.what());
  } catch (const c10::Error& e) {
    fill(error, ErrorCode::kPluginFault, e.what_without_backtrace());
  } catch (const std::exception& e) {
    fill(error, ErrorCode::kPluginFault, e.what());
  } catch (...) {
    fill(error, ErrorCode::kPluginFault, "an exception that is not a std::exception");
  }
}

PluginTables::PluginTables(const char* abi_tag, const char* name, const char* version, const char* vendor,
                           const char* license, std::vector<PluginEntry> entries)
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
