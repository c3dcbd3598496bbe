#include "pipeline/stage_json.hpp"

#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "pipeline/host_keys.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

Json entry_of(const ComponentUse& use) {
  Json entry{{"use", use.id}};
  entry.update(Json::parse(use.params_json));
  return entry;
}

Json architecture_of(const StageConfig& stage) {
  Json architecture = Json::parse(stage.architecture, nullptr, /*allow_exceptions=*/false);
  if (architecture.is_object()) return architecture;
  throw Error(ErrorCode::kContractViolation, "the architecture of stage '" + stage.name + "' is " +
                                                 (architecture.is_discarded() ? "not JSON" : "not a JSON object") +
                                                 ", found " + stage.architecture.substr(0, 60) +
                                                 "; its searcher must give one in the notation of the space");
}

Json trials_of(const StageConfig& stage) {
  Json trials{{"use", stage.trials.id}, {"count", stage.trial_count}, {"parallel", stage.trial_parallel}};
  if (stage.trial_threads) trials["threads"] = *stage.trial_threads;
  trials["trial_timeout"] = stage.trial_timeout;
  if (const Json ranges = Json::parse(stage.trial_ranges); !ranges.empty()) trials["ranges"] = ranges;
  trials.update(Json::parse(stage.trials.params_json));
  return trials;
}

// What training one network takes, whatever the stage comes from.
Json training_values(const StageConfig& stage) {
  Json json{{"name", stage.name}, {"epochs", stage.epochs}, {"batch_size", stage.batch_size}};
  if (stage.space) json["space"] = entry_of(stage.space);
  if (!stage.architecture.empty()) json["architecture"] = architecture_of(stage);
  json["augment"] = Json::array();
  for (const ComponentUse& use : stage.augment) json["augment"].push_back(entry_of(use));
  if (stage.hyper) json["hyper"] = entry_of(stage.hyper);
  json["gradient_clip"] = stage.gradient_clip;
  json["label_smoothing"] = stage.label_smoothing;
  json["drop_path"] = stage.drop_path;
  json["validation_fraction"] = stage.validation_fraction;
  json["evaluate_every"] = stage.evaluate_every;
  json["log_every"] = stage.log_every;
  if (!stage.constraints.empty()) json["constraints"] = stage.constraints;
  return json;
}

Json in_declared_order(const Json& values, const Json& fields) {
  Json ordered = Json::object();
  for (const Json& field : fields)
    if (const auto found = values.find(field.at("name").get<std::string>()); found != values.end())
      ordered[found.key()] = *found;
  return ordered;
}

Json dataset_of(const DatasetUse& dataset) {
  Json json{{"use", dataset.component.id}};
  if (dataset.limit_train) json["limit_train"] = *dataset.limit_train;
  if (dataset.limit_test) json["limit_test"] = *dataset.limit_test;
  json.update(Json::parse(dataset.component.params_json));
  return json;
}

}  // namespace

std::string stage_json(const StageConfig& stage) {
  Json json = training_values(stage);
  if (!stage.from.empty()) json["from"] = stage.from;
  if (!stage.carry.empty()) json["carry"] = stage.carry;
  if (stage.pick.each) json["pick"] = "each";
  if (stage.pick.index) json["pick"] = *stage.pick.index;
  if (stage.keep_settings) json["keep_settings"] = *stage.keep_settings;
  if (stage.stop_when_searcher_finished) json["stop_when"] = "searcher_finished";
  if (stage.stop_on_collapse) json["on_collapse"] = "stop";
  if (stage.searcher) json["searcher"] = entry_of(stage.searcher);
  if (stage.trials) json["trials"] = trials_of(stage);
  return in_declared_order(json, stage_fields()).dump();
}

std::string trial_pipeline(const PipelineConfig& config, const StageConfig& trial_stage, const std::string& name) {
  Json stage = training_values(trial_stage);
  if (trial_stage.searcher && trial_stage.architecture.empty()) stage["searcher"] = entry_of(trial_stage.searcher);
  const Json json{{"name", name},
                  {"format", "dha.pipeline/1"},
                  {"seed", config.seed},
                  {"device", config.device},
                  {"precision", config.precision},
                  {"graph", config.graph},
                  {"deterministic", config.deterministic},
                  {"tf32", config.tf32},
                  {"cudnn_benchmark", config.cudnn_benchmark},
                  {"loader_threads", config.loader_threads},
                  {"checkpoint_every_steps", config.checkpoint_every_steps},
                  {"checkpoint_every_minutes", config.checkpoint_every_minutes},
                  {"keep_checkpoints", config.keep_checkpoints},
                  {"channels_last", config.channels_last},
                  {"tensorboard", false},  // the folders of many trials make it slow
                  {"dataset", dataset_of(config.dataset)},
                  {"stages", Json::array({in_declared_order(stage, stage_fields())})}};
  return in_declared_order(json, pipeline_fields()).dump(2) + "\n";
}

}  // namespace dha
