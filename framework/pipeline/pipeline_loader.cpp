#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "pipeline/constraints.hpp"
#include "pipeline/extends.hpp"
#include "pipeline/field_check.hpp"
#include "pipeline/host_keys.hpp"
#include "pipeline/initial_architecture.hpp"
#include "pipeline/overrides.hpp"
#include "pipeline/own_settings.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/pipeline_error.hpp"
#include "pipeline/stage_inheritance.hpp"
#include "pipeline/stage_json.hpp"
#include "pipeline/stage_rules.hpp"
#include "pipeline/tunable.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

// A component entry as it was written, completed.
struct Entry {
  Json json;  // with "use" and the host's keys
  ComponentUse component;
};

// Turns a merged tree into typed values, and collects what is wrong with it.
class PipelineLoader {
 public:
  PipelineLoader(const Node& root, std::filesystem::path directory, const PluginRegistry& registry,
                 ProblemList& problems)
      : root_(root), directory_(std::move(directory)), registry_(registry), problems_(problems) {}

  PipelineConfig load() {
    PipelineConfig config;
    Json json = check_fields(root_, "", {{"fields", pipeline_fields()}}, directory_, problems_);
    if (const Node* dataset = root_.find("dataset"); dataset != nullptr) {
      const Entry entry = check_entry(*dataset, "dataset", "/dataset");
      json["dataset"] = entry.json;
      config.dataset.component = entry.component;
    }
    std::vector<Json> stages;
    if (const Node* list = root_.find("stages"); list != nullptr && list->is_list()) {
      check_stages(*list, problems_);
      for (size_t i = 0; i < list->items.size(); ++i)
        stages.push_back(load_stage(list->items[i], "/stages/" + std::to_string(i), config.stages.emplace_back()));
    }
    if (json.value("deterministic", false) && json.value("cudnn_benchmark", false))
      problems_.report(location_of(root_, "/cudnn_benchmark", false), "/cudnn_benchmark",
                       "cannot be combined with 'deterministic', because it chooses algorithms by speed; remove one");
    if (json.contains("initial_weights") && !config.stages.empty() && config.stages.front().trials)
      problems_.report(location_of(root_, "/initial_weights", false), "/initial_weights",
                       "cannot be used by the first stage, whose trials start from new weights; remove it, or put a "
                       "stage that trains one network before it");
    problems_.throw_if_any();
    json["stages"] = stages;
    fill(config, json);
    config.resolved_json = json.dump(2) + "\n";
    return config;
  }

 private:
  Json load_stage(const Node& node, const std::string& pointer, StageConfig& stage) {
    Json json = check_fields(node, pointer, {{"fields", stage_fields()}}, directory_, problems_);
    for (const Json& field : stage_fields()) {
      const std::string key = field.at("name");
      const Node* value = node.find(key);
      if (!field.contains("component") || value == nullptr) continue;
      const std::string kind = field.at("component");
      if (field.at("type") == "list") {
        for (size_t i = 0; i < value->items.size(); ++i) {
          const Entry entry = check_entry(value->items[i], kind, pointer + "/" + key + "/" + std::to_string(i));
          json[key][i] = entry.json;
          stage.augment.push_back(entry.component);
        }
      } else {
        const Entry entry = check_entry(*value, kind, pointer + "/" + key);
        json[key] = entry.json;
        component_of(stage, key) = entry.component;
      }
    }
    check_constraints(node, pointer);
    stage.carry_location = location_of(node, "/carry", false);
    stage.constraints_location = location_of(node, "/constraints", false);
    if (const Node* ranges = value_at(node, "/trials/ranges"); ranges != nullptr && ranges->is_object())
      check_trial_ranges(stage, registry_, *ranges, pointer + "/trials/ranges", problems_);
    if (problems_.empty()) fill(stage, json);
    return json;
  }

  static ComponentUse& component_of(StageConfig& stage, const std::string& key) {
    if (key == "space") return stage.space;
    if (key == "searcher") return stage.searcher;
    if (key == "hyper") return stage.hyper;
    if (key == "trials") return stage.trials;
    throw Error(ErrorCode::kInternal,
                "the stage's key '" + key + "' contains a component that the loader does not know");
  }

  Entry check_entry(const Node& node, const std::string& kind, const std::string& pointer) {
    if (!node.is_object()) return {};  // check_fields() has reported it
    const Node* use = node.find("use");
    if (use == nullptr) {
      problems_.report(node.location, pointer, "lacks 'use' (id of the " + kind + ")");
      return {};
    }
    if (!use->is_text()) {
      problems_.report(use->location, pointer + "/use", "must be text, found " + to_json(*use).dump());
      return {};
    }
    const ComponentRecord* record = find_component(kind, *use, pointer);
    if (record == nullptr) return {};
    const Json schema = entry_schema(kind, record->schema_json);
    Entry entry{check_fields(node, pointer, schema, directory_, problems_),
                {record->id, "", likely_fault(node), pointer}};
    Json params = entry.json;
    for (const Json& field : entry_fields(kind)) params.erase(field.at("name").get<std::string>());
    entry.component.params_json = params.dump();
    return entry;
  }

  // What a component refuses has most likely to do with what the command line changes, if it changes anything.
  static SourceLocation likely_fault(const Node& node) {
    for (const Member& member : node.members)
      if (member.value.location.line == 0) return member.value.location;
    return node.location;
  }

  const ComponentRecord* find_component(const std::string& kind, const Node& use, const std::string& pointer) {
    try {
      return &registry_.find(kind, use.text());
    } catch (const Error& e) {
      problems_.report(use.location, pointer + "/use", std::string("cannot be used: ") + e.what(), e.code());
      return nullptr;
    }
  }

  void check_constraints(const Node& node, const std::string& pointer) {
    try {
      const Constraints parsed(node.text_of("constraints"));
    } catch (const Error& e) {
      problems_.report(location_of(node, "/constraints", false), pointer + "/constraints",
                       std::string("cannot be read: ") + e.what());
    }
  }

  static void fill(StageConfig& stage, const Json& json) {
    stage.name = json.at("name");
    stage.epochs = json.at("epochs");
    stage.batch_size = json.at("batch_size");
    stage.from = json.value("from", "");
    stage.carry = json.value("carry", std::vector<std::string>{});
    stage.stop_when_searcher_finished = json.value("stop_when", "") == "searcher_finished";
    stage.stop_on_collapse = json.value("on_collapse", "") == "stop";
    stage.gradient_clip = json.at("gradient_clip");
    stage.label_smoothing = json.at("label_smoothing");
    stage.drop_path = json.at("drop_path");
    stage.validation_fraction = json.at("validation_fraction");
    stage.evaluate_every = json.at("evaluate_every");
    stage.log_every = json.at("log_every");
    stage.constraints = json.value("constraints", "");
    if (json.contains("architecture")) stage.architecture = json.at("architecture").dump();
    if (json.contains("pick")) {
      const Json& pick = json.at("pick");
      stage.pick.each = pick == "each";
      if (pick.is_number()) stage.pick.index = pick.get<int64_t>();
    }
    if (json.contains("keep_settings")) stage.keep_settings = json.at("keep_settings").get<std::vector<std::string>>();
    if (json.contains("trials")) fill_trials(stage, json.at("trials"));
    stage.json = stage_json(stage);
  }

  static void fill_trials(StageConfig& stage, const Json& trials) {
    stage.trial_count = trials.at("count");
    stage.trial_parallel = trials.at("parallel");
    if (trials.contains("threads")) stage.trial_threads = trials.at("threads").get<int64_t>();
    stage.trial_timeout = trials.at("trial_timeout");
    if (trials.contains("ranges")) stage.trial_ranges = trials.at("ranges").dump();
  }

  static void fill(PipelineConfig& config, const Json& json) {
    config.name = json.at("name");
    config.seed = json.at("seed");
    config.device = json.at("device");
    config.precision = json.at("precision");
    config.graph = json.at("graph");
    config.deterministic = json.at("deterministic");
    config.tf32 = json.at("tf32");
    config.cudnn_benchmark = json.at("cudnn_benchmark");
    config.loader_threads = json.at("loader_threads");
    config.checkpoint_every_steps = json.at("checkpoint_every_steps");
    config.checkpoint_every_minutes = json.at("checkpoint_every_minutes");
    config.keep_checkpoints = json.at("keep_checkpoints");
    config.channels_last = json.at("channels_last");
    config.tensorboard = json.at("tensorboard");
    config.initial_weights = json.value("initial_weights", "");
    const Json& dataset = json.at("dataset");
    if (dataset.contains("limit_train")) config.dataset.limit_train = dataset.at("limit_train").get<int64_t>();
    if (dataset.contains("limit_test")) config.dataset.limit_test = dataset.at("limit_test").get<int64_t>();
  }

  const Node& root_;
  const std::filesystem::path directory_;
  const PluginRegistry& registry_;
  ProblemList& problems_;
};

}  // namespace

PipelineConfig load_pipeline(const std::filesystem::path& file, const std::vector<Override>& overrides,
                             const PluginRegistry& registry) {
  ProblemList problems;
  Node root = read_with_bases(file, problems);
  problems.throw_if_any();
  for (const Override& change : overrides) apply_override(root, change, problems);
  problems.throw_if_any();
  note_own_settings(root);
  take_initial_architecture(root, problems);
  problems.throw_if_any();
  inherit_stages(root);
  drop_removed(root);
  return PipelineLoader(root, std::filesystem::absolute(file).parent_path(), registry, problems).load();
}

}  // namespace dha
