#include "verification/plugin_verification.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "dha/error.hpp"
#include "plugin/plugin_library.hpp"
#include "plugin/plugin_refusal.hpp"
#include "plugin/plugin_registry.hpp"
#include "plugin/plugin_search.hpp"
#include "process/child_process.hpp"
#include "verification/component_checks.hpp"
#include "verification/library_checks.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

constexpr unsigned kPatienceSeconds = 60;

CheckOutcome outcome_of(const PluginCheck& check, const CheckedPlugin& plugin) {
  try {
    return check.run(plugin, check.component);
  } catch (...) {
    return failed(caught_error(ErrorCode::kInternal).what());
  }
}

CheckOutcome run_check(const PluginCheck& check, const CheckedPlugin& plugin, const VerificationOptions& options) {
  if (options.in_process) return outcome_of(check, plugin);
  const auto run = [&] {
    const CheckOutcome outcome = outcome_of(check, plugin);
    return Json{static_cast<int>(outcome.status), outcome.reason}.dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  const ChildOutcome child = call_in_child(run, kPatienceSeconds);
  if (!child.death.empty()) return failed("it " + child.death);
  const Json answer = Json::parse(child.text);
  return {static_cast<CheckStatus>(answer.at(0).get<int>()), answer.at(1)};
}

// Where `file` has no entry of its own.
std::optional<std::filesystem::path> plugin_of_kernels_in(const std::filesystem::path& file) {
  const std::optional<std::filesystem::path> plugin = plugin_of_kernels(file);
  if (!plugin) return std::nullopt;
  try {
    const std::vector<std::string> symbols = exported_symbols(file);
    const bool is_plugin = std::find(symbols.begin(), symbols.end(), DHA_ENTRY_SYMBOL) != symbols.end();
    return is_plugin ? std::nullopt : plugin;
  } catch (const PluginRefusal&) {
    return std::nullopt;  // library.loads says what is wrong with it
  }
}

}  // namespace

std::vector<std::string> component_ids(const CheckedPlugin& plugin, const VerificationOptions& options) {
  const auto list = [&] {
    PluginRegistry registry;
    registry.load_file(plugin.file);
    Json ids = Json::array();
    for (const ComponentRecord* component : registry.components()) ids.push_back(component->id);
    return ids.dump();
  };
  const std::string text = options.in_process ? list() : call_in_child(list, kPatienceSeconds).text;
  return text.empty() ? std::vector<std::string>() : Json::parse(text).get<std::vector<std::string>>();
}

std::vector<PluginCheck> checks_of(const CheckedPlugin& plugin, const VerificationOptions& options) {
  std::vector<PluginCheck> checks = library_checks();
  for (const std::string& id : component_ids(plugin, options))
    for (PluginCheck& check : component_checks(id)) checks.push_back(std::move(check));
  std::erase_if(checks, [&](const PluginCheck& check) { return !std::regex_search(check.id, options.include); });
  return checks;
}

void verify_plugin(const CheckedPlugin& plugin, const VerificationOptions& options,
                   const std::function<void(const PluginCheck&, const CheckOutcome&)>& report) {
  const std::vector<PluginCheck> file_checks = library_checks();
  const auto loads =
      std::find_if(file_checks.begin(), file_checks.end(), [](const PluginCheck& check) { return check.id == kLoads; });
  if (const auto owner = plugin_of_kernels_in(plugin.file))
    return report(*loads, {CheckStatus::kSkipped, "it has the CUDA kernels of " + owner->filename().string()});
  const CheckOutcome accepted = run_check(*loads, plugin, options);
  for (const PluginCheck& check : checks_of(plugin, options)) {
    if (check.id == kLoads)
      report(check, accepted);
    else if (check.needs != CheckNeeds::kFile && accepted.status == CheckStatus::kFailed)
      report(check, {CheckStatus::kSkipped, "the plugin is not accepted"});
    else if (check.needs == CheckNeeds::kFreshProcess && options.in_process)
      report(check, {CheckStatus::kSkipped, "shows only in a process that has not loaded the plugin before"});
    else
      report(check, run_check(check, plugin, options));
  }
}

}  // namespace dha
