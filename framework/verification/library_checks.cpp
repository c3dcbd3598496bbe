#include "verification/library_checks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>

#include "plugin/plugin_library.hpp"
#include "plugin/plugin_refusal.hpp"
#include "plugin/plugin_registry.hpp"
#include "verification/process_state.hpp"

namespace dha {

namespace {

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

CheckOutcome check_exports(const CheckedPlugin& plugin, const std::string&) {
  std::vector<std::string> others;
  try {
    others = exported_symbols(plugin.file);
  } catch (const PluginRefusal& refusal) {
    return failed(refusal.what());
  }
  std::erase(others, DHA_ENTRY_SYMBOL);
  if (others.empty()) return {};
  constexpr size_t kMostNamed = 3;
  const size_t named = std::min(others.size(), kMostNamed);
  return failed(fmt::format(
      "it exports {} more symbols, such as {}; build it with dha_add_plugin(), or hide them with a version script",
      others.size(), fmt::join(others.begin(), others.begin() + named, ", ")));
}

CheckOutcome check_loads(const CheckedPlugin& plugin, const std::string&) {
  PluginRegistry registry;
  registry.load_file(plugin.file);
  const PluginRecord& record = registry.plugins().at(0);
  if (record.state == PluginState::kLoaded) return {};
  return failed(fmt::format("{}: {}", state_name(record.state), record.reason));
}

// Processor time, which does not depend on what else the machine does.
CheckOutcome check_load_time(const CheckedPlugin& plugin, const std::string&) {
  constexpr double kMostSeconds = 0.25;
  const double before = processor_seconds();
  PluginRegistry registry;
  registry.load_file(plugin.file);
  const double spent = processor_seconds() - before;
  if (spent < kMostSeconds) return {};
  return failed(
      fmt::format("it takes {:.2f} s of processor time; move work from static initialisers and from "
                  "initialize into the components that need it",
                  spent));
}

CheckOutcome check_process_state(const CheckedPlugin& plugin, const std::string&) {
  const auto before = process_state();
  PluginRegistry registry;
  registry.load_file(plugin.file);
  std::vector<std::string> changes;
  for (const auto& [name, value] : process_state())
    if (value != before.at(name)) changes.push_back(name);
  if (changes.empty()) return {};
  return failed(
      fmt::format("loading it changes for the whole process: {}; take random numbers from the context, and do not "
                  "change modes, types, threads or locale",
                  fmt::join(changes, ", ")));
}

CheckOutcome check_entry(const CheckedPlugin& plugin, const std::string&) {
  const PluginLibrary first(plugin.file), second(plugin.file);
  if (first.descriptor() == second.descriptor()) return {};
  return failed("a second call returns another descriptor; return the address of one constant");
}

}  // namespace

std::vector<PluginCheck> library_checks() {
  using enum CheckNeeds;
  return {{"library.exports", "", "exports the entry symbol and nothing else", kFile, check_exports},
          {kLoads, "", "is accepted by this host", kFile, check_loads},
          {"library.load_time", "", "is loaded in less than 0.25 s of processor time", kFreshProcess, check_load_time},
          {"library.process_state", "", "does not change the process's modes, random state, threads and locale",
           kFreshProcess, check_process_state},
          {"library.entry", "", "returns the same descriptor each time", kAcceptedPlugin, check_entry}};
}

}  // namespace dha
