#include "pipeline/trial_settings.hpp"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "pipeline/document_reader.hpp"
#include "pipeline/field_check.hpp"
#include "pipeline/host_keys.hpp"
#include "pipeline/own_settings.hpp"
#include "pipeline/stage_json.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorCode::kContractViolation,
              what + "; a trial searcher may set only the parameters of Stage::tunable()");
}

std::string take_step(std::string_view& rest) {
  if (rest.empty()) return "";
  const size_t end = std::min(rest.find('/', 1), rest.size());
  const std::string step(rest.substr(1, end - 1));
  rest.remove_prefix(end);
  return step;
}

// The component that the pointer begins with; `rest` becomes what follows.
template <class Stage>
auto component_at(Stage& stage, std::string_view& rest) -> std::pair<const char*, decltype(&stage.space)> {
  const std::string first = take_step(rest);
  if (first == "space") return {"space", &stage.space};
  if (first == "searcher") return {"searcher", &stage.searcher};
  if (first == "hyper") return {"hyper_optimizer", &stage.hyper};
  if (first != "augment") return {"", nullptr};
  const std::string index = take_step(rest);
  for (size_t i = 0; i < stage.augment.size(); ++i)
    if (index == std::to_string(i)) return {"augmenter", &stage.augment[i]};
  return {"", nullptr};
}

// Whether a setting of one stage means the same in the other: it is a key of the host, or both have the component.
bool means_the_same(std::string_view pointer, const StageConfig& one, const StageConfig& other) {
  std::string_view rest = pointer;
  const ComponentUse* theirs = component_at(one, rest).second;
  const ComponentUse* own = component_at(other, pointer).second;
  if (theirs == nullptr || own == nullptr) return theirs == own;
  return *own && theirs->id == own->id;
}

// One setting of a trial.
class Setting {
 public:
  Setting(const std::string& pointer, const Json& value) : pointer_(pointer), value_(value) {}

  void apply(StageConfig& stage, const PluginRegistry& registry) const {
    if (!pointer_.starts_with('/')) refuse("which is not a JSON pointer such as '/hyper/learning_rate'");
    for (const Json& field : stage_fields())
      if (pointer_ == pointer_step(field.at("name").get<std::string>())) return set_host_key(stage, field);
    std::string_view rest = pointer_;
    const auto [kind, use] = component_at(stage, rest);
    if (use == nullptr || rest.empty()) refuse("which is not a parameter of this stage");
    if (!*use) refuse("but this stage has no such component");
    set_parameter(*use, registry.find(kind, use->id).schema_json, std::string(rest));
  }

 private:
  void set_host_key(StageConfig& stage, const Json& field) const {
    if (!field.value("tunable", false)) refuse("which is not a key that a trial may set");
    const std::string name = field.at("name");
    const Json checked = check({{"fields", Json::array({field})}}, {{name, value_}}).at(name);
    if (name == "batch_size")
      stage.batch_size = checked;
    else if (name == "gradient_clip")
      stage.gradient_clip = checked;
    else if (name == "label_smoothing")
      stage.label_smoothing = checked;
    else if (name == "drop_path")
      stage.drop_path = checked;
    else
      throw Error(ErrorCode::kInternal, "the stage's key '" + name + "' is tunable, but nothing sets it");
  }

  void set_parameter(ComponentUse& use, const std::string& schema_json, const std::string& rest) const {
    Json params = Json::parse(use.params_json);
    try {
      const Json::json_pointer at(rest);
      const bool leads_somewhere =
          params.contains(at) || (params.contains(at.parent_pointer()) && params.at(at.parent_pointer()).is_object());
      if (!leads_somewhere) refuse(fmt::format("which is not a parameter of '{}'", use.id));
      params[at] = value_;
    } catch (const Json::exception&) {
      refuse("which is not a JSON pointer");
    }
    use.params_json = check(Json::parse(schema_json), params).dump();
  }

  // `object` completed, as a pipeline file's is.
  Json check(const Json& schema, const Json& object) const {
    ProblemList problems;
    const auto source =
        std::make_shared<const Source>(Source{"the settings of a trial", std::filesystem::current_path()});
    const Node node = read_document(object.dump(), source, problems);
    Json completed = problems.empty() ? check_fields(node, "", schema, source->directory, problems) : Json();
    try {
      problems.throw_if_any();
    } catch (const PipelineError& error) {
      refuse("which " + error.problems()[0].message);
    }
    return completed;
  }

  [[noreturn]] void refuse(const std::string& reason) const {
    fail(fmt::format("a trial sets '{}' to {}, {}", pointer_, value_.dump(), reason));
  }

  const std::string& pointer_;
  const Json& value_;
};

}  // namespace

StageConfig with_settings(const StageConfig& stage, const std::string& settings_json, const PluginRegistry& registry) {
  const Json settings = Json::parse(settings_json, nullptr, /*allow_exceptions=*/false);
  if (!settings.is_object())
    fail(fmt::format("the settings of a trial must be a JSON object, found {:.60}", settings_json));
  StageConfig changed = stage;
  for (const auto& [pointer, value] : settings.items()) Setting(pointer, value).apply(changed, registry);
  changed.json = stage_json(changed);
  return changed;
}

TakenSettings taken_settings(const std::string& settings_json, const StageConfig& searched, const StageConfig& stage) {
  TakenSettings taken;
  Json settings = Json::object();
  const Json found = Json::parse(settings_json);
  for (const auto& [pointer, value] : found.items()) {
    if (keeps_setting(stage.keep_settings.value_or(std::vector<std::string>()), pointer) ||
        !means_the_same(pointer, searched, stage))
      taken.left_out.push_back(pointer);
    else
      settings[pointer] = value;
  }
  taken.settings = settings.dump();
  return taken;
}

std::string merged_settings(const std::string& settings_json, const std::string& over) {
  Json settings = Json::parse(settings_json);
  settings.update(Json::parse(over));
  return settings.dump();
}

}  // namespace dha
