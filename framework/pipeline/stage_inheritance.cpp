#include "pipeline/stage_inheritance.hpp"

#include <algorithm>

#include "pipeline/host_keys.hpp"

namespace dha {

namespace {

bool carries_architecture(const Node& stage) {
  const Node* carry = stage.find("carry");
  return carry != nullptr && std::any_of(carry->items.begin(), carry->items.end(),
                                         [](const Node& item) { return item.text() == "architecture"; });
}

// Keys that say which networks a stage trains.
constexpr std::string_view kSearchKeys[] = {"searcher", "trials", "architecture"};

void inherit(Node& stage, const Node& earlier) {
  const bool is_own_search =
      carries_architecture(stage) || std::any_of(std::begin(kSearchKeys), std::end(kSearchKeys),
                                                 [&](std::string_view key) { return stage.given(key) != nullptr; });
  std::vector<std::string> keys = component_keys();
  keys.insert(keys.end(), {"batch_size", "architecture", "validation_fraction", "log_every"});
  for (const std::string& key : keys) {
    const Node* theirs = earlier.given(key);
    if (theirs == nullptr) continue;
    Node* own = stage.find(key);
    if (own == nullptr) {
      const bool is_search = std::find(std::begin(kSearchKeys), std::end(kSearchKeys), key) != std::end(kSearchKeys);
      if (!is_search || !is_own_search) stage.set(key, theirs->location, *theirs);
    } else if (own->is_null()) {
      own->removes = true;
    } else if (key != "architecture" && own->is_object() && own->find("use") == nullptr) {
      *own = merge(*theirs, *own);
    }
  }
}

}  // namespace

void inherit_stages(Node& pipeline) {
  Node* stages = pipeline.find("stages");
  if (stages == nullptr) return;
  for (size_t i = 0; i < stages->items.size(); ++i) {
    Node& stage = stages->items[i];
    const std::string from = stage.text_of("from");
    if (from.empty()) continue;
    for (size_t j = 0; j < i; ++j) {
      if (stages->items[j].text_of("name") != from) continue;
      inherit(stage, stages->items[j]);
      break;
    }
  }
}

}  // namespace dha
