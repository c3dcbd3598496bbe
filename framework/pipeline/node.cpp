#include "pipeline/node.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace dha {

using Json = nlohmann::ordered_json;

const Node* Node::find(std::string_view key) const {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const Member& member) { return member.key == key; });
  return found == members.end() ? nullptr : &found->value;
}

Node* Node::find(std::string_view key) { return const_cast<Node*>(std::as_const(*this).find(key)); }

const Node* Node::given(std::string_view key) const {
  const Node* value = find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string Node::text() const { return is_text() ? Json::parse(scalar).get<std::string>() : ""; }

std::string Node::text_of(std::string_view key) const {
  const Node* value = find(key);
  return value == nullptr ? "" : value->text();
}

Node& Node::set(std::string_view key, const SourceLocation& key_location, Node value) {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const Member& member) { return member.key == key; });
  if (found == members.end())
    return members.emplace_back(Member{std::string(key), key_location, std::move(value)}).value;
  found->location = key_location;
  found->value = std::move(value);
  return found->value;
}

void Node::erase(std::string_view key) {
  std::erase_if(members, [&](const Member& member) { return member.key == key; });
}

Json to_json(const Node& node) {
  if (node.type == Node::Type::kScalar) return Json::parse(node.scalar);
  Json json = node.is_list() ? Json::array() : Json::object();
  for (const Node& item : node.items) json.push_back(to_json(item));
  for (const Member& member : node.members) json[member.key] = to_json(member.value);
  return json;
}

std::string pointer_step(std::string_view name) {
  std::string step = "/";
  for (const char c : name) {
    if (c == '~')
      step += "~0";
    else if (c == '/')
      step += "~1";
    else
      step += c;
  }
  return step;
}

namespace {

// Takes the first step off `pointer` and returns it unescaped.
std::string next_step(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const size_t end = std::min(pointer.find('/'), pointer.size());
  std::string step(pointer.substr(0, end));
  pointer.remove_prefix(end);
  for (size_t at = 0; (at = step.find('~', at)) != std::string::npos; ++at)
    step.replace(at, 2, step.substr(at + 1, 1) == "1" ? "/" : "~");
  return step;
}

// The value below `node` that one step names, or null; `key_location` becomes the location of its key.
const Node* descend(const Node& node, const std::string& step, SourceLocation& key_location) {
  if (node.is_list()) {
    const bool is_index = !step.empty() && step.size() < 10 && step.find_first_not_of("0123456789") == step.npos;
    if (!is_index || std::stoul(step) >= node.items.size()) return nullptr;
    const Node* item = &node.items[std::stoul(step)];
    key_location = item->location;
    return item;
  }
  for (const Member& member : node.members) {
    if (member.key != step) continue;
    key_location = member.location;
    return &member.value;
  }
  return nullptr;
}

}  // namespace

SourceLocation location_of(const Node& node, std::string_view pointer, bool of_key) {
  const Node* current = &node;
  SourceLocation key_location = node.location;
  while (!pointer.empty()) {
    const Node* next = descend(*current, next_step(pointer), key_location);
    if (next == nullptr) return current->location;
    current = next;
  }
  return of_key ? key_location : current->location;
}

const Node* value_at(const Node& node, std::string_view pointer) {
  const Node* current = &node;
  SourceLocation ignored;
  while (current != nullptr && !pointer.empty()) current = descend(*current, next_step(pointer), ignored);
  return current;
}

Node merge(Node base, const Node& overlay) {
  if (overlay.is_null()) {
    Node removed = overlay;
    removed.removes = true;
    return removed;
  }
  if (!base.is_object() || !overlay.is_object()) return overlay;
  if (overlay.find("use") != nullptr && overlay.text_of("use") != base.text_of("use")) return overlay;
  base.location = overlay.location;
  for (const Member& member : overlay.members) {
    Node* below = base.find(member.key);
    base.set(member.key, member.location, below == nullptr ? member.value : merge(std::move(*below), member.value));
  }
  return base;
}

void drop_removed(Node& node) {
  std::erase_if(node.members, [](const Member& member) { return member.value.is_null() && member.value.removes; });
  for (Member& member : node.members) drop_removed(member.value);
  for (Node& item : node.items) drop_removed(item);
}

}  // namespace dha
