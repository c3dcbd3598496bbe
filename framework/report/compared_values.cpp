#include "report/compared_values.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

class Values {
 public:
  // A component's id and its parameters, or another value.
  void add(const std::string& name, const Json& value) {
    if (value.is_object()) {
      for (const auto& [key, item] : value.items()) {
        if (key == "use")
          found_.emplace_back(name, item);
        else if (key != "ranges")
          add(name + "." + key, item);
      }
    } else if (value.is_array()) {
      add_list(name, value);
    } else if (!value.is_null()) {
      found_.emplace_back(name, value);
    }
  }

  void add_components(const std::string& name, const Json& components) {
    std::string ids;
    std::map<std::string, int> uses;
    for (const Json& component : components) {
      const std::string id = component.at("use");
      ids += (ids.empty() ? "" : ", ") + id;
      Json params = component;
      params.erase("use");
      const int use = ++uses[id];
      add(fmt::format("{}.{}{}", name, id, use > 1 ? fmt::format(".{}", use) : ""), params);
    }
    found_.emplace_back(name, ids);
  }

  std::vector<std::pair<std::string, Json>> take() && { return std::move(found_); }

 private:
  void add_list(const std::string& name, const Json& list) {
    std::string texts;
    for (size_t i = 0; i < list.size(); ++i) {
      if (list[i].is_string())
        texts += (texts.empty() ? "" : ", ") + list[i].get<std::string>();
      else
        add(fmt::format("{}.{}", name, i), list[i]);
    }
    if (!texts.empty()) found_.emplace_back(name, texts);
  }

  std::vector<std::pair<std::string, Json>> found_;
};

}  // namespace

std::vector<std::pair<std::string, Json>> compared_values(const PipelineConfig& config) {
  static const std::set<std::string> left_out = {"name", "pick", "keep_settings", "architecture"};
  const Json pipeline = Json::parse(config.resolved_json);
  Values values;
  for (const char* key : {"seed", "precision", "dataset"}) values.add(key, pipeline.at(key));
  for (const Json& stage : pipeline.at("stages"))
    for (const auto& [key, value] : stage.items()) {
      const std::string name = fmt::format("{}.{}", stage.at("name").get<std::string>(), key);
      if (key == "augment")
        values.add_components(name, value);
      else if (!left_out.contains(key))
        values.add(name, value);
    }
  return std::move(values).take();
}

}  // namespace dha
