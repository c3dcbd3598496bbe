#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "dha/params.hpp"
#include "trial/trial_stage.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

// The component of a stage that a pointer's first part names, and its kind.
ComponentUse* component_at(StageConfig& config, const std::string& first, const std::string& second,
                           std::string& kind) {
  if (first == "space") return kind = "space", &config.space;
  if (first == "hyper") return kind = "hyper_optimizer", &config.hyper;
  if (first == "augment" && !second.empty() && second.find_first_not_of("0123456789") == std::string::npos &&
      std::stoul(second) < config.augment.size())
    return kind = "augmenter", &config.augment[std::stoul(second)];
  return nullptr;
}

void set(StageConfig& config, const std::string& pointer, const Json& value, const PluginRegistry& registry) {
  const size_t first_end = pointer.find('/', 1);
  const std::string first = pointer.substr(1, first_end == std::string::npos ? first_end : first_end - 1);
  std::string rest = first_end == std::string::npos ? "" : pointer.substr(first_end);
  std::string second;
  if (first == "augment" && !rest.empty()) {
    const size_t second_end = rest.find('/', 1);
    second = rest.substr(1, second_end == std::string::npos ? second_end : second_end - 1);
    rest = second_end == std::string::npos ? "" : rest.substr(second_end);
  }
  std::string kind;
  ComponentUse* use = component_at(config, first, second, kind);
  if (use == nullptr || rest.empty())
    throw Error(ErrorCode::kContractViolation,
                fmt::format("a trial sets '{}', which is no parameter of this stage", pointer));
  Json params = Json::parse(use->params_json);
  params[Json::json_pointer(rest)] = value;
  const ParamCheck check = check_params(registry.find(kind, use->id).schema_json, params.dump());
  if (!check.problems.empty())
    throw Error(ErrorCode::kContractViolation,
                fmt::format("a trial sets '{}' to {}: {}", pointer, value.dump(), check.problems[0].message));
  use->params_json = check.completed;
}

}  // namespace

StageConfig with_settings(const StageConfig& config, const std::string& settings_json, const PluginRegistry& registry) {
  StageConfig changed = config;
  const Json settings = Json::parse(settings_json);
  for (const auto& [pointer, value] : settings.items()) {
    if (!pointer.starts_with('/'))
      throw Error(ErrorCode::kContractViolation, fmt::format("a trial sets '{}'; expected a JSON pointer", pointer));
    set(changed, pointer, value, registry);
  }
  return changed;
}

}  // namespace dha
