// `dha verify`: whether plugin files keep what the SDK asks of them, each check in a process of its own.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "dha/error.hpp"
#include "verification/plugin_verification.hpp"

namespace dha::app {

namespace {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;
using Texts = std::vector<std::string>;

constexpr std::array<const char*, 3> kStatusNames = {"passed", "FAILED", "skipped"};

const char* name_of(CheckStatus status) { return kStatusNames[static_cast<size_t>(status)]; }

std::string subject_of(const PluginCheck& check) {
  return check.component.empty() ? check.id : fmt::format("{} ({})", check.id, check.component);
}

// "acme.invert={"probability": 1}"
std::map<std::string, std::string> read_params(const Texts& texts) {
  std::map<std::string, std::string> params;
  for (const std::string& text : texts) {
    const size_t equals = std::min(text.find('='), text.size());
    const std::string value = text.substr(std::min(equals + 1, text.size()));
    if (equals == text.size() || !Json::parse(value, nullptr, false).is_object())
      throw Error(ErrorCode::kUsage,
                  fmt::format("verify: --params '{}' is not of the form ID={{\"key\": value, …}}", text));
    params[text.substr(0, equals)] = value;
  }
  return params;
}

VerificationOptions read_options(const po::variables_map& values) {
  VerificationOptions options;
  options.in_process = values.count("in-process") != 0;
  if (values.count("include") == 0) return options;
  try {
    options.include = std::regex(values["include"].as<std::string>());
  } catch (const std::regex_error& e) {
    throw Error(ErrorCode::kUsage, fmt::format("verify: --include '{}' is not a regular expression: {}",
                                               values["include"].as<std::string>(), e.what()));
  }
  return options;
}

CheckedPlugin find_plugin(const std::string& file, const std::map<std::string, std::string>& params) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error))
    throw Error(ErrorCode::kUsage,
                fmt::format("verify: '{}' is not a file; name a plugin such as plugins/augment/crop.so", file));
  return {std::filesystem::canonical(file), params};
}

// A component that none of the plugins offers would be given its parameters in vain.
void check_names(const std::vector<CheckedPlugin>& plugins, const std::map<std::string, std::string>& params,
                 const VerificationOptions& options) {
  std::vector<std::string> known;
  for (const CheckedPlugin& plugin : plugins)
    for (const std::string& id : component_ids(plugin, options)) known.push_back(id);
  for (const auto& [id, values] : params)
    if (!known.empty() && std::find(known.begin(), known.end(), id) == known.end())
      throw Error(ErrorCode::kUsage, fmt::format("verify: --params names '{}', expected a component of the files: {}",
                                                 id, fmt::join(known, ", ")));
}

// What is printed of the checks.
enum class Output { kText, kFailures, kJson };

Output output_of(const po::variables_map& values) {
  if (values.count("json") != 0) return Output::kJson;
  return is_quiet(values) ? Output::kFailures : Output::kText;
}

struct Tally {
  std::array<int64_t, 3> counts{};
  Json results = Json::array();
};

void verify_one(const CheckedPlugin& plugin, const VerificationOptions& options, Output output, Tally& tally) {
  bool is_named = false;
  const auto name_file = [&] {
    if (!std::exchange(is_named, true)) std::cout << plugin.file.string() << '\n';
  };
  if (output == Output::kText) name_file();
  verify_plugin(plugin, options, [&](const PluginCheck& check, const CheckOutcome& outcome) {
    ++tally.counts[static_cast<size_t>(outcome.status)];
    const bool has_failed = outcome.status == CheckStatus::kFailed;
    if (output == Output::kJson) {
      tally.results.push_back({{"file", plugin.file.string()},
                               {"check", check.id},
                               {"component", check.component},
                               {"sentence", check.sentence},
                               {"status", has_failed ? "failed" : name_of(outcome.status)},
                               {"reason", outcome.reason}});
    } else if (output == Output::kText || has_failed) {
      name_file();
      std::cout << fmt::format("  {:<8}{}: {}\n", name_of(outcome.status), subject_of(check),
                               outcome.reason.empty() ? check.sentence : outcome.reason)
                << std::flush;
    }
  });
}

int list_checks(const std::vector<CheckedPlugin>& plugins, const VerificationOptions& options, Output output) {
  Json list = Json::array();
  for (const CheckedPlugin& plugin : plugins)
    for (const PluginCheck& check : checks_of(plugin, options)) {
      if (output == Output::kJson)
        list.push_back({{"file", plugin.file.string()},
                        {"check", check.id},
                        {"component", check.component},
                        {"sentence", check.sentence}});
      else
        std::cout << fmt::format("{}: {}\n", subject_of(check), check.sentence);
    }
  if (output == Output::kJson) std::cout << Json{{"checks", list}}.dump(2) << '\n';
  return kDone;
}

int finish(const Tally& tally, Output output) {
  const auto& [passed, failed, skipped] = tally.counts;
  if (output == Output::kJson)
    std::cout << Json{{"checks", tally.results}}.dump(2) << '\n';
  else if (output == Output::kText)
    std::cout << fmt::format("{} passed, {} failed, {} skipped\n", passed, failed, skipped);
  if (passed + failed + skipped == 0)
    throw Error(ErrorCode::kUsage, "verify: --include matches no check; --list shows their ids");
  return failed > 0 ? kVerificationFailed : kDone;
}

int run(const Texts& arguments) {
  po::options_description options, hidden;
  options.add_options()("include", po::value<std::string>()->value_name("REGEX"), "run only checks with a matching id")(
      "params", po::value<Texts>()->composing()->default_value({}, "")->value_name("ID=JSON"),
      "required parameters of a component (repeatable)")("list", "list the checks without running them")(
      "json", "print JSON")("in-process", "run the checks in this process, for a debugger");
  hidden.add_options()("file", po::value<Texts>());
  po::positional_options_description positional;
  positional.add("file", -1);
  const auto values = parse_command_line(kVerifyCommand, options, arguments, hidden, positional);
  if (!values) return kDone;
  if (values->count("file") == 0) throw missing_argument(kVerifyCommand, "missing plugin file", "FILE.so");
  const VerificationOptions wanted = read_options(*values);
  const auto params = read_params((*values)["params"].as<Texts>());
  std::vector<CheckedPlugin> plugins;
  for (const std::string& file : (*values)["file"].as<Texts>()) plugins.push_back(find_plugin(file, params));
  if (values->count("list") != 0) return list_checks(plugins, wanted, output_of(*values));
  if (!params.empty()) check_names(plugins, params, wanted);
  Tally tally;
  const Output output = output_of(*values);
  for (const CheckedPlugin& plugin : plugins) verify_one(plugin, wanted, output, tally);
  return finish(tally, output);
}

}  // namespace

const Command kVerifyCommand = {"verify", "verify FILE.so… [--include REGEX] [--params ID=JSON]… [--list] [--json]",
                                "check plugin files against the rules of the SDK", run};

}  // namespace dha::app
