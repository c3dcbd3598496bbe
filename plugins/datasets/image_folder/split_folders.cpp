#include "image_folder/split_folders.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "dha/dataset.hpp"
#include "dha/error.hpp"
#include "image_folder/file_names.hpp"

namespace dha::datasets {

namespace {

constexpr std::string_view kSeparators = "_-. ";
constexpr std::string_view kDigits = "0123456789";
constexpr std::array<const char*, 3> kPurposes = {"training", "validation", "test"};

// A name that says its split.
struct SplitName {
  size_t split = 0;
  std::string rest;  // the name without the word that says so; "*" where there is nothing else
};

std::optional<size_t> split_called(std::string_view word) {
  static const std::map<std::string_view, Split> kWords = {
      {"train", Split::kTrain},           {"training", Split::kTrain}, {"val", Split::kValidation},
      {"valid", Split::kValidation},      {"dev", Split::kValidation}, {"test", Split::kTest},
      {"validation", Split::kValidation}, {"testing", Split::kTest}};
  const auto found = kWords.find(word);
  if (found == kWords.end()) return std::nullopt;
  return static_cast<size_t>(found->second);
}

// Nothing where no word names a split, or more than one does.
std::optional<SplitName> read_name(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  std::optional<SplitName> found;
  for (size_t begin = 0; begin < name.size();) {
    const size_t end = std::min(name.find_first_of(kSeparators, begin), name.size());
    const std::string_view word = std::string_view(name).substr(begin, end - begin);
    const size_t letters = word.find_last_not_of(kDigits) + 1;
    if (const std::optional<size_t> split = split_called(word.substr(0, letters))) {
      if (found) return std::nullopt;
      found = SplitName{*split, name.substr(0, begin) + "*" + name.substr(begin + letters)};
    }
    begin = end + 1;
  }
  return found;
}

using Group = std::array<std::vector<std::string>, 3>;  // folders whose names differ in the split alone, by Split

bool has(const Group& group, Split split) { return !group[static_cast<size_t>(split)].empty(); }

void refuse_two(const std::vector<std::string>& folders, size_t split, const std::string& where) {
  if (folders.size() < 2) return;
  throw Error(ErrorCode::kData, where + " contains both " + shown(folders[0]) + " and " + shown(folders[1]) +
                                    "; keep the one with the " + kPurposes[split] +
                                    " images there and move the other away");
}

}  // namespace

SplitFolders find_split_folders(const std::vector<std::string>& names, const std::string& where) {
  std::map<std::string, Group> groups;
  for (const std::string& name : names)
    if (const std::optional<SplitName> read = read_name(name)) groups[read->rest][read->split].push_back(name);
  const auto is_complete = [](const Group& group) {
    return has(group, Split::kTrain) && (has(group, Split::kValidation) || has(group, Split::kTest));
  };
  Group chosen;
  const auto take = [&chosen](const Group& group) {
    for (size_t split = 0; split < chosen.size(); ++split)
      chosen[split].insert(chosen[split].end(), group[split].begin(), group[split].end());
  };
  for (const auto& [rest, group] : groups)
    if (rest == "*" || is_complete(group)) take(group);
  if (!has(chosen, Split::kTrain))
    for (const auto& [rest, group] : groups)
      if (rest != "*" && has(group, Split::kValidation) && has(group, Split::kTest)) take(group);
  SplitFolders folders;
  for (size_t split = 0; split < chosen.size(); ++split) {
    refuse_two(chosen[split], split, where);
    if (!chosen[split].empty()) folders[split] = chosen[split].front();
  }
  return folders;
}

}  // namespace dha::datasets
