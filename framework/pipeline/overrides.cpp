#include "pipeline/overrides.hpp"

#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "dha/nearest_name.hpp"
#include "pipeline/document_reader.hpp"
#include "pipeline/utf8.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

std::vector<std::string> steps_of(const std::string& path) {
  std::vector<std::string> steps(1);
  for (const char c : path) {
    if (c == '.')
      steps.emplace_back();
    else
      steps.back() += c;
  }
  return steps;
}

bool is_index(const std::string& step) {
  return !step.empty() && step.size() < 10 && step.find_first_not_of("0123456789") == step.npos;
}

// Gives `node` and all below it one location.
void set_locations(Node& node, const SourceLocation& location) {
  node.location = location;
  for (Node& item : node.items) set_locations(item, location);
  for (Member& member : node.members) {
    member.location = location;
    set_locations(member.value, location);
  }
}

class OverrideWalk {
 public:
  OverrideWalk(const Override& change, ProblemList& problems) : problems_(problems) {
    const std::string name = change.origin.empty() ? "--set " + change.path + "=" + change.value : change.origin;
    location_.source = std::make_shared<const Source>(Source{name, std::filesystem::current_path()});
  }

  void apply(Node& pipeline, const Override& change) {
    if (!is_utf8(change.path) || !is_utf8(change.value))
      return report("has text that is not UTF-8; rename the file or folder that it names");
    const std::vector<std::string> steps = steps_of(change.path);
    if (steps[0] == "extends") {
      pointer_ = "/extends";
      return report("cannot be set; name the file to extend in the pipeline file");
    }
    Node new_value = value(change.value);
    Node* at = &pipeline;
    for (size_t i = 0; i < steps.size() && at != nullptr; ++i)
      at = step_into(*at, steps[i], i + 1 < steps.size() ? steps[i + 1] : "");
    if (at == nullptr) return;
    new_value.removes = new_value.is_null() && !is_made_;
    *at = std::move(new_value);
  }

 private:
  // JSON where the text is JSON, else the text itself.
  Node value(const std::string& text) const {
    ProblemList faults;
    Node node = read_document(text, location_.source, faults);
    if (!faults.empty()) {
      node = Node();
      node.scalar = Json(text).dump();
    }
    set_locations(node, location_);
    return node;
  }

  // The value one step below `node`, made where it is missing; null after a report. `next`: the step after it, or "".
  Node* step_into(Node& node, const std::string& step, const std::string& next) {
    if (node.is_list()) return item(node, step);
    if (!node.is_object()) {
      report("is not an object, so '" + step + "' leads nowhere");
      return nullptr;
    }
    if (step.empty()) {
      report("has no key without a name; expected a path such as stages.0.epochs");
      return nullptr;
    }
    pointer_ += pointer_step(step);
    if (Node* below = node.find(step); below != nullptr) return below;
    if (is_index(next) && node.find("from") != nullptr) {
      report("is inherited from stage '" + node.text_of("from") + "'; set its items there, or give the whole list");
      return nullptr;
    }
    is_made_ = true;
    Node made;
    made.location = location_;
    made.type = next.empty() ? Node::Type::kScalar : Node::Type::kObject;
    return &node.set(step, location_, made);
  }

  Node* item(Node& list, const std::string& step) {
    std::vector<std::string> names;
    for (size_t i = 0; i < list.items.size(); ++i) {
      const std::string name = list.items[i].text_of("name");
      if (!(is_index(step) ? std::stoul(step) == i : name == step)) {
        if (!name.empty()) names.push_back(name);
        continue;
      }
      pointer_ += "/" + std::to_string(i);
      return &list.items[i];
    }
    const std::string near = nearest(step, names);
    report("has no item '" + step + "'; " +
           (near.empty() ? "it has " + std::to_string(list.items.size()) + ", counted from 0"
                         : "did you mean '" + near + "'?"));
    return nullptr;
  }

  void report(const std::string& message) { problems_.report(location_, pointer_, message); }

  ProblemList& problems_;
  SourceLocation location_;
  std::string pointer_;
  bool is_made_ = false;  // the value was not there before
};

}  // namespace

void apply_override(Node& pipeline, const Override& change, ProblemList& problems) {
  OverrideWalk(change, problems).apply(pipeline, change);
}

Override parse_override(const std::string& text) {
  const size_t sign = text.find('=');
  if (sign == text.npos || sign == 0)
    throw Error(ErrorCode::kUsage,
                "--set " + text + " has no value; expected --set PATH=VALUE, such as stages.0.epochs=3");
  return {text.substr(0, sign), text.substr(sign + 1), ""};
}

}  // namespace dha
