// One check of `dha verify` on a plugin: an id, a sentence, and a function.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace dha {

enum class CheckStatus { kPassed, kFailed, kSkipped };

struct CheckOutcome {
  CheckStatus status = CheckStatus::kPassed;
  std::string reason;  // why it failed or was skipped
};

inline CheckOutcome failed(const std::string& reason) { return {CheckStatus::kFailed, reason}; }

// The input of checks about the plugin.
struct CheckedPlugin {
  std::filesystem::path file;
  std::map<std::string, std::string> params;  // component id -> JSON text: parameters that have no default
};

// The precondition of a check.
enum class CheckNeeds {
  kFile,
  kAcceptedPlugin,  // one that this host loads
  kFreshProcess     // such a plugin, in a process that has not loaded it yet
};

struct PluginCheck {
  std::string id;         // "group.name"
  std::string component;  // its id; empty if the check is on the file
  std::string sentence;   // the property of a plugin that passes
  CheckNeeds needs = CheckNeeds::kAcceptedPlugin;
  // Loads the plugin itself, so that each check can run in a process that has not seen it. An exception fails it.
  std::function<CheckOutcome(const CheckedPlugin& plugin, const std::string& component)> run;
};

}  // namespace dha
