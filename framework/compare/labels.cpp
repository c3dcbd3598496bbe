#include "compare/labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace dha::compare {

namespace {

constexpr size_t kLongestValue = 40;  // characters

std::string name_of(const RunGroup& group) {
  const auto name = std::find_if(group.settings.begin(), group.settings.end(),
                                 [](const auto& setting) { return setting.first == "/name"; });
  if (name == group.settings.end()) return "run";
  const std::string& text = name->second;  // JSON text
  return text.size() >= 2 && text.front() == '"' ? text.substr(1, text.size() - 2) : text;
}

std::string short_value(const std::optional<std::string>& value) {
  if (!value) return "absent";
  std::string text = *value;
  if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
  return shortened(text, kLongestValue);
}

// The last `steps` steps of a pointer, with dots: "hyper.learning_rate".
std::string ending_of(const std::string& pointer, size_t steps) {
  size_t begin = pointer.size();
  for (; steps > 0 && begin != 0 && begin != pointer.npos; --steps) begin = pointer.rfind('/', begin - 1);
  std::string text = pointer.substr(begin == pointer.npos ? 0 : begin);
  if (text.starts_with('/')) text.erase(0, 1);
  std::replace(text.begin(), text.end(), '/', '.');
  return text;
}

// The shortest ending that no other of the pointers has.
std::string short_pointer(const std::string& pointer, const std::vector<std::string>& all) {
  const auto depth = static_cast<size_t>(std::count(pointer.begin(), pointer.end(), '/'));
  for (size_t steps = 1; steps < depth; ++steps) {
    const std::string ending = ending_of(pointer, steps);
    const auto shares = [&](const std::string& other) { return ending_of(other, steps) == ending; };
    if (std::count_if(all.begin(), all.end(), shares) == 1) return ending;
  }
  return ending_of(pointer, depth);
}

// The differences that tell more of the groups apart than those before them, until none is left to tell apart.
std::vector<Difference> telling(const std::vector<Difference>& found, size_t groups) {
  std::vector<Difference> chosen;
  std::vector<std::vector<std::string>> texts(groups);
  for (const Difference& one : found) {
    const size_t before = std::set(texts.begin(), texts.end()).size();
    if (before == groups) break;
    std::vector<std::vector<std::string>> more = texts;
    for (size_t i = 0; i < groups; ++i) more[i].push_back(short_value(one.values[i]));
    if (std::set(more.begin(), more.end()).size() == before) continue;
    texts = std::move(more);
    chosen.push_back(one);
  }
  return chosen;
}

void label_namesakes(const std::string& name, const std::vector<RunGroup*>& groups) {
  std::vector<Settings> settings;
  for (const RunGroup* group : groups) {
    settings.push_back(group->settings);
    if (!group->conditions.empty()) settings.back().emplace_back("/data", group->conditions.front().second);
  }
  std::vector<const Settings*> all;
  for (const Settings& one : settings) all.push_back(&one);
  const std::vector<Difference> chosen = telling(differences(all), groups.size());
  std::vector<std::string> pointers;
  for (const Difference& one : chosen) pointers.push_back(one.pointer);
  std::map<std::string, int> used;
  for (size_t i = 0; i < groups.size(); ++i) {
    std::string text;
    for (const Difference& one : chosen)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", short_pointer(one.pointer, pointers),
                          short_value(one.values[i]));
    groups[i]->label = text.empty() ? name : fmt::format("{} ({})", name, text);
    if (const int count = ++used[groups[i]->label]; count > 1) groups[i]->label += fmt::format(" #{}", count);
  }
}

}  // namespace

void label_groups(std::vector<RunGroup>& groups) {
  std::map<std::string, std::vector<RunGroup*>> by_name;
  for (RunGroup& group : groups) by_name[name_of(group)].push_back(&group);
  for (const auto& [name, namesakes] : by_name) label_namesakes(name, namesakes);
}

}  // namespace dha::compare
