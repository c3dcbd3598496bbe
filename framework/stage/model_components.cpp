#include "stage/model_components.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "dha/dataset.hpp"
#include "dha/error.hpp"
#include "dha/params.hpp"
#include "dha/space.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

Json fields_of(const PluginRegistry& registry, const char* kind, const std::string& id) {
  return Json::parse(registry.find(kind, id).schema_json).at("fields");
}

// Takes "use" out of an entry.
std::string take_id(Json& entry) {
  std::string id = entry.at("use");
  entry.erase("use");
  return id;
}

bool is_required(const Json& field) { return !field.contains("optional") && !field.contains("default"); }

ComponentUse checked(const PluginRegistry& registry, const char* kind, const std::string& id, const Json& params) {
  const ParamCheck check = check_params(registry.find(kind, id).schema_json, params.dump());
  if (!check.problems.empty())
    throw Error(ErrorCode::kData,
                fmt::format("the model cannot be used with this version of {}: its parameter {} {}; use the version of "
                            "dha that wrote it",
                            id, check.problems.front().pointer, check.problems.front().message));
  return {id, check.completed};
}

}  // namespace

Json dataset_of_model(const ComponentUse& dataset, const PluginRegistry& registry) {
  Json entry{{"use", dataset.id}};
  entry.update(Json::parse(dataset.params_json));
  for (const Json& field : fields_of(registry, Dataset::kKind, dataset.id))
    if (field.at("type") == "path") entry.erase(field.at("name").get<std::string>());
  return entry;
}

ComponentUse read_dataset_of_model(const Json& entry, const PluginRegistry& registry,
                                   const std::filesystem::path& place) {
  Json params = entry;
  const std::string id = take_id(params);
  for (const Json& field : fields_of(registry, Dataset::kKind, id))
    if (field.at("type") == "path" && is_required(field))
      params[field.at("name").get<std::string>()] = std::filesystem::absolute(place).string();
  return checked(registry, Dataset::kKind, id, params);
}

ComponentUse read_space_of_model(const Json& entry, const PluginRegistry& registry) {
  Json params = entry;
  const std::string id = take_id(params);
  for (const Json& field : fields_of(registry, Space::kKind, id)) {
    const auto value = params.find(field.at("name").get<std::string>());
    if (field.at("type") != "path" || is_required(field) || value == params.end()) continue;
    if (std::error_code unknown; !std::filesystem::exists(value->get<std::string>(), unknown)) params.erase(value);
  }
  return checked(registry, Space::kKind, id, params);
}

}  // namespace dha
