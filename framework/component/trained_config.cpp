#include "component/trained_config.hpp"

#include <nlohmann/json.hpp>

namespace dha {

using Json = nlohmann::ordered_json;

Json component_params(const StageConfig& config) {
  Json params{{"space", config.space.params_json}, {"hyper", config.hyper.params_json}, {"augment", Json::array()}};
  for (const ComponentUse& augmenter : config.augment) params["augment"].push_back(augmenter.params_json);
  return params;
}

StageConfig trained_config(const StageConfig& config, const State& checkpoint) {
  const Json params = Json::parse(checkpoint.json).at("trainer").at("params");
  StageConfig trained = config;
  trained.space.params_json = params.at("space");
  trained.hyper.params_json = params.at("hyper");
  for (size_t i = 0; i < trained.augment.size(); ++i) trained.augment[i].params_json = params.at("augment").at(i);
  return trained;
}

}  // namespace dha
