#include "component/trial_parts.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

// The stage's parameters that a searcher of settings may set, as JSON pointers below the stage to their schema fields.
std::string tunable_parameters(const StageConfig& config, const PluginRegistry& registry) {
  Json tunable = Json::object();
  const auto add = [&](const char* kind, const ComponentUse& use, const std::string& pointer) {
    if (!use) return;
    const Json schema = Json::parse(registry.find(kind, use.id).schema_json);
    for (const Json& field : schema.at("fields"))
      if (field.value("tunable", false)) tunable[pointer + "/" + field.at("name").get<std::string>()] = field;
  };
  add("space", config.space, "/space");
  add("hyper_optimizer", config.hyper, "/hyper");
  for (size_t i = 0; i < config.augment.size(); ++i) add("augmenter", config.augment[i], fmt::format("/augment/{}", i));
  return tunable.dump();
}

}  // namespace

TrialParts::TrialParts(const StageConfig& config, const StageEnvironment& environment)
    : space(environment.registry, environment.services, config.space, config.name + "/space"),
      searcher(environment.registry, environment.services, config.trials, config.name + "/trials") {
  space.call("prepare", [&](Space& prepared) { prepared.prepare(environment.info); });
  const std::string tunable = tunable_parameters(config, environment.registry);
  searcher.call("attach", [&](TrialSearcher& attached) { attached.attach(*space.shared(), tunable); });
}

}  // namespace dha
