#include <nlohmann/json.hpp>
#include <set>

#include "pipeline/host_keys.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

// How much an object must say. A complete one stands alone; a following one is a stage with "from", which takes over
// entries; a partial one stands in a file that extends others: nothing is required, and a null removes.
enum class Extent { kComplete, kFollowing, kPartial };

std::string prefix(Extent extent) {
  return extent == Extent::kComplete ? "" : extent == Extent::kFollowing ? "following_" : "partial_";
}

Json reference(const std::string& definition) {
  // Ids and kinds have no character that a JSON pointer escapes.
  return {{"$ref", "#/definitions/" + definition}};
}

const char* json_type(const std::string& type) {
  if (type == "bool") return "boolean";
  if (type == "integer") return "integer";
  if (type == "real") return "number";
  if (type == "json" || type == "object") return "object";
  return "string";
}

bool is_required(const Json& field) {
  if (field.contains("default") || field.contains("optional")) return false;
  if (field.at("type") != "object" || field.contains("exactly_one_of")) return true;
  for (const Json& below : field.at("fields"))
    if (is_required(below)) return true;
  return false;
}

// Allows null where a null removes.
Json removable(Json schema, Extent extent) {
  if (extent != Extent::kPartial) return schema;
  Json either = {{"anyOf", {std::move(schema), {{"type", "null"}}}}};
  return either;
}

Json object_schema(const Json& declared, Extent extent);

Json scalar_schema(const std::string& type, const Json& field) {
  Json schema;
  if (type == "choice" && field.value("or_count", false))
    schema["anyOf"] = {{{"enum", field.at("choices")}}, {{"type", "integer"}, {"minimum", 0}, {"maximum", 999999999}}};
  else if (type == "choice")
    schema["enum"] = field.at("choices");
  else
    schema["type"] = json_type(type);
  if (type == "path") schema["minLength"] = 1;
  if (field.contains("one_of")) schema["enum"] = field["one_of"];
  if (field.contains("pattern")) schema["pattern"] = field["pattern"];
  if (field.contains("minimum")) schema["minimum"] = field["minimum"];
  if (field.contains("maximum"))
    schema[field.value("below_maximum", false) ? "exclusiveMaximum" : "maximum"] = field["maximum"];
  return schema;
}

Json field_schema(const Json& field, Extent extent) {
  const std::string type = field.at("type");
  Json schema;
  if (type == "object") {
    schema = object_schema(field, extent);
  } else if (type == "list") {
    schema = {{"type", "array"}, {"items", scalar_schema(field.at("items"), field)}};
    schema["minItems"] = field.value("min_items", 0);
    if (field.contains("max_items")) schema["maxItems"] = field["max_items"];
    if (field.value("unique", false)) schema["uniqueItems"] = true;
  } else {
    schema = scalar_schema(type, field);
  }
  schema["description"] = field.at("help").get<std::string>() +
                          (field.contains("unit") ? " [" + field["unit"].get<std::string>() + "]" : "");
  if (field.contains("default")) schema["default"] = field["default"];
  return removable(schema, extent);
}

// A partial object may leave the choice to the file that it extends, and make it anew next to a null.
Json exactly_one_of(const Json& names, Extent extent) {
  Json cases = Json::array();
  for (const Json& name : names) {
    cases.push_back({{"required", Json::array({name})}});
    if (extent == Extent::kPartial)
      cases.back()["properties"] = {{name.get<std::string>(), {{"not", {{"type", "null"}}}}}};
  }
  if (extent == Extent::kPartial) cases.push_back({{"not", {{"anyOf", cases}}}});
  return {{"oneOf", cases}};
}

// `declared`: fields and rules as in Schema::json_text().
Json object_schema(const Json& declared, Extent extent) {
  Json schema = {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
  Json required = Json::array();
  for (const Json& field : declared.at("fields")) {
    schema["properties"][field.at("name").get<std::string>()] = field_schema(field, extent);
    if (extent != Extent::kPartial && is_required(field)) required.push_back(field.at("name"));
  }
  if (!required.empty()) schema["required"] = required;
  for (const Json& names : declared.value("exactly_one_of", Json::array()))
    schema["allOf"].push_back(exactly_one_of(names, extent));
  return schema;
}

class SchemaWriter {
 public:
  explicit SchemaWriter(const PluginRegistry& registry) : registry_(registry) {}

  Json schema() {
    for (const ComponentRecord* record : registry_.components())
      for (const Extent extent : {Extent::kComplete, Extent::kPartial})
        definitions_[prefix(extent) + record->id] = component(*record, extent);
    for (const std::string& kind : kinds())
      for (const Extent extent : {Extent::kComplete, Extent::kFollowing, Extent::kPartial})
        definitions_[prefix(extent) + kind] = entry(kind, extent);
    for (const Extent extent : {Extent::kComplete, Extent::kFollowing, Extent::kPartial})
      definitions_[prefix(extent) + "stage"] = stage(extent);
    for (const Extent extent : {Extent::kComplete, Extent::kPartial})
      definitions_[prefix(extent) + "pipeline"] = pipeline(extent);
    return {{"$schema", "http://json-schema.org/draft-07/schema#"},
            {"title", "dha pipeline"},
            {"type", "object"},
            {"if", {{"required", {"extends"}}}},
            {"then", reference("partial_pipeline")},
            {"else", reference("pipeline")},
            {"definitions", definitions_}};
  }

 private:
  static std::set<std::string> kinds() {
    std::set<std::string> kinds;
    for (const Json* fields : {&pipeline_fields(), &stage_fields()})
      for (const Json& field : *fields)
        if (field.contains("component")) kinds.insert(field["component"].get<std::string>());
    return kinds;
  }

  // An entry that names this component, or in a partial file one that may leave "use" to the file it extends.
  static Json component(const ComponentRecord& record, Extent extent) {
    Json schema = object_schema(entry_schema(record.kind, record.schema_json), extent);
    schema["description"] = record.summary;
    schema["properties"]["use"] = {{"const", record.id}, {"description", record.summary}};
    return schema;
  }

  // An entry for any component of a kind. One check by id first, so that a message names the unknown id or the wrong
  // parameter and not every component that does not fit.
  Json entry(const std::string& kind, Extent extent) const {
    Json ids = Json::array(), cases = Json::array(), without_use = Json::array();
    for (const ComponentRecord* record : registry_.components(kind)) {
      const Extent named = extent == Extent::kPartial ? Extent::kPartial : Extent::kComplete;
      const Json is_this = {{"required", {"use"}}, {"properties", {{"use", {{"const", record->id}}}}}};
      ids.push_back(record->id);
      cases.push_back({{"if", is_this}, {"then", reference(prefix(named) + record->id)}});
      without_use.push_back(reference("partial_" + record->id));
    }
    Json schema = {{"type", "object"}, {"properties", {{"use", {{"enum", ids}}}}}};
    if (ids.empty()) schema["properties"]["use"] = false;
    if (extent == Extent::kComplete)
      schema["required"] = {"use"};
    else if (!ids.empty())
      cases.push_back({{"if", {{"required", {"use"}}}}, {"else", {{"anyOf", without_use}}}});
    if (!cases.empty()) schema["allOf"] = cases;
    return schema;
  }

  // Makes component fields refer to the entries of their kind.
  static void refer_to_entries(Json& schema, const Json& fields, Extent extent) {
    for (const Json& field : fields) {
      if (!field.contains("component")) continue;
      const bool is_list = field.at("type") == "list";
      // A list is replaced whole by files and stages that give one, so its items are complete.
      Json component = reference((is_list ? "" : prefix(extent)) + field["component"].get<std::string>());
      if (is_list) component = {{"type", "array"}, {"items", component}};
      if (extent != Extent::kComplete) component = {{"anyOf", {component, {{"type", "null"}}}}};
      schema["properties"][field.at("name").get<std::string>()] = described(field, component);
    }
  }

  // Draft 7 ignores what stands next to a "$ref", so that the description needs a level of its own.
  static Json described(const Json& field, const Json& schema) {
    Json described = {{"description", field.at("help")}, {"allOf", Json::array({schema})}};
    if (field.contains("default")) described["default"] = field["default"];
    return described;
  }

  static Json stage(Extent extent) {
    Json schema = object_schema({{"fields", stage_fields()}}, extent);
    refer_to_entries(schema, stage_fields(), extent);
    if (extent == Extent::kPartial) {
      schema["properties"]["name"] = field_schema(stage_fields().front(), Extent::kComplete);
      schema["required"] = {"name"};
      return schema;
    }
    Json rules = Json::array(
        {not_both("searcher", "architecture"), not_both("stop_when", "trials"), not_both("on_collapse", "trials")});
    if (extent == Extent::kFollowing) {
      schema["required"].push_back("from");
      Json& architecture = schema["properties"]["architecture"];
      architecture = {{"anyOf", {architecture, {{"type", "null"}}}}};
    } else {
      for (const char* key : {"space", "hyper"}) schema["required"].push_back(key);
      for (const char* key : {"from", "carry", "pick"}) schema["properties"].erase(key);
      Json decides = Json::array();
      for (const char* key : {"searcher", "trials", "architecture"}) decides.push_back({{"required", {key}}});
      rules.push_back({{"anyOf", decides}});
    }
    schema["allOf"] = rules;
    return schema;
  }

  // Both may be there where one is a null, which removes it.
  static Json not_both(const char* first, const char* second) {
    const Json given = {{"not", {{"type", "null"}}}};
    return {{"not", {{"required", {first, second}}, {"properties", {{first, given}, {second, given}}}}}};
  }

  static Json pipeline(Extent extent) {
    Json schema = object_schema({{"fields", pipeline_fields()}}, extent);
    refer_to_entries(schema, pipeline_fields(), extent);
    schema["properties"]["$schema"] = {{"description", "location of this schema for editors; ignored"}};
    if (extent == Extent::kPartial) {
      schema["properties"]["stages"] = {{"description", "stages to merge by name with those of the extended files"},
                                        {"type", {"array", "null"}},
                                        {"items", reference("partial_stage")}};
      schema["properties"]["extends"] = extends();
      return schema;
    }
    const Json any_stage = {
        {"if", {{"required", {"from"}}}}, {"then", reference("following_stage")}, {"else", reference("stage")}};
    schema["properties"]["stages"]["items"] = any_stage;
    return schema;
  }

  static Json extends() {
    const Json file = {{"type", "string"}, {"minLength", 1}};
    return {{"description", "files to merge below this one, relative to it; later ones win"},
            {"anyOf", {file, {{"type", "array"}, {"items", file}}}}};
  }

  const PluginRegistry& registry_;
  Json definitions_ = Json::object();
};

}  // namespace

std::string pipeline_schema(const PluginRegistry& registry) { return SchemaWriter(registry).schema().dump(2) + "\n"; }

}  // namespace dha
