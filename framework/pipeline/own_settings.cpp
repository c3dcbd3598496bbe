#include "pipeline/own_settings.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pipeline/host_keys.hpp"

namespace dha {

namespace {

bool may_be_set_by_trials(const nlohmann::ordered_json& field) {
  return field.value("tunable", false) || (field.contains("component") && field.at("component") != "trial_searcher");
}

// Collects the pointers of values without parts.
class Leaves {
 public:
  explicit Leaves(bool from_command_line_only) : from_command_line_only_(from_command_line_only) {}

  void add(const Node& node, const std::string& pointer) {
    const size_t before = found_.size();
    for (const Member& member : node.members)
      if (member.key != "use") add(member.value, pointer + pointer_step(member.key));
    const bool has_objects =
        std::any_of(node.items.begin(), node.items.end(), [](const Node& item) { return item.is_object(); });
    for (size_t i = 0; has_objects && i < node.items.size(); ++i) add(node.items[i], pointer + "/" + std::to_string(i));
    const bool is_component = node.find("use") != nullptr;
    const bool is_leaf = found_.size() == before && !is_component && !has_objects && node.members.empty();
    if (is_leaf && (!from_command_line_only_ || node.location.line == 0)) found_.push_back(pointer);
  }

  const std::vector<std::string>& found() const { return found_; }

 private:
  const bool from_command_line_only_;
  std::vector<std::string> found_;
};

std::vector<std::string> settings_in(const Node& stage, bool from_command_line_only) {
  Leaves leaves(from_command_line_only);
  for (const auto& field : stage_fields()) {
    const std::string key = field.at("name");
    const Node* value = stage.find(key);
    if (value != nullptr && may_be_set_by_trials(field)) leaves.add(*value, pointer_step(key));
  }
  return leaves.found();
}

bool is_at_or_below(std::string_view pointer, std::string_view above) {
  return pointer.starts_with(above) && (pointer.size() == above.size() || pointer[above.size()] == '/');
}

}  // namespace

bool follows_trials(const std::vector<Node>& stages, size_t index) {
  const std::string from = stages[index].text_of("from");
  for (size_t i = 0; i < index && !from.empty(); ++i)
    if (stages[i].text_of("name") == from) return stages[i].given("trials") != nullptr || follows_trials(stages, i);
  return false;
}

void note_own_settings(Node& pipeline) {
  Node* stages = pipeline.find("stages");
  if (stages == nullptr) return;
  for (size_t i = 0; i < stages->items.size(); ++i) {
    Node& stage = stages->items[i];
    if (!stage.is_object() || !follows_trials(stages->items, i)) continue;
    const bool is_given = stage.given(kKeepSettingsKey) != nullptr;
    Node list;
    list.type = Node::Type::kList;
    list.location = stage.location;
    if (is_given) list = *stage.find(kKeepSettingsKey);
    if (!list.is_list()) continue;  // which is reported where types are checked
    for (const std::string& pointer : settings_in(stage, is_given)) {
      Node item;
      item.location = list.location;
      item.scalar = nlohmann::ordered_json(pointer).dump();
      const bool is_listed = std::any_of(list.items.begin(), list.items.end(),
                                         [&](const Node& one) { return one.text() == pointer && one.is_text(); });
      if (!is_listed) list.items.push_back(item);
    }
    stage.set(kKeepSettingsKey, list.location, list);
  }
}

bool keeps_setting(const std::vector<std::string>& kept, std::string_view pointer) {
  return std::any_of(kept.begin(), kept.end(), [&](const std::string& one) {
    return is_at_or_below(pointer, one) || is_at_or_below(one, pointer);
  });
}

bool is_pointer_of_settings(std::string_view pointer) {
  if (pointer.empty()) return true;
  const auto& fields = stage_fields();
  return std::any_of(fields.begin(), fields.end(), [&](const auto& field) {
    return may_be_set_by_trials(field) &&
           is_at_or_below(pointer, pointer_step(field.at("name").template get<std::string>()));
  });
}

}  // namespace dha
