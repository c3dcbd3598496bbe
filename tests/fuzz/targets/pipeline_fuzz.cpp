// A pipeline file that is accepted resolves to a file that resolves to itself.
#include <cstdlib>

#include "dha/error.hpp"
#include "input_file.hpp"
#include "pipeline/pipeline.hpp"
#include "support/static_components.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const dha::PluginRegistry registry = dha::test::component_registry();
  // Other files and what the system keeps in the place of files are not the input.
  if (std::string_view(reinterpret_cast<const char*>(data), size).find("extends") != std::string_view::npos) return 0;
  const dha::fuzz::InputFile input(data, size);
  std::string resolved;
  try {
    resolved = dha::load_pipeline(input.path(), {}, registry).resolved_json;
  } catch (const dha::Error&) {
    return 0;
  }
  const dha::fuzz::InputFile again(reinterpret_cast<const uint8_t*>(resolved.data()), resolved.size());
  if (dha::load_pipeline(again.path(), {}, registry).resolved_json != resolved) std::abort();
  return 0;
}
