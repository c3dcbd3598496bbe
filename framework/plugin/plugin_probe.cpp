#include "plugin/plugin_probe.hpp"

#include "plugin/plugin_library.hpp"
#include "plugin/plugin_refusal.hpp"
#include "process/child_process.hpp"

namespace dha {

void probe_plugin(const std::filesystem::path& file) {
  constexpr unsigned kPatienceSeconds = 20;
  const auto open = [&]() -> std::string {
    try {
      const PluginLibrary library(file);
    } catch (const PluginRefusal&) {
      // The host will see the same and say why.
    }
    return "";
  };
  const ChildOutcome outcome = call_in_child(open, kPatienceSeconds);
  if (!outcome.death.empty())
    throw PluginRefusal(PluginState::kLoadFailed,
                        "loading it " + outcome.death + "; a static initialiser that throws is the usual cause");
}

}  // namespace dha
