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

// Words that do not tell two sets apart.
constexpr std::array<std::string_view, 9> kFillers = {"set",   "sets",   "data", "dataset", "split",
                                                      "image", "images", "img",  "imgs"};
constexpr std::array<const char*, 3> kPurposes = {"training", "validation", "test"};

// A name that says its split.
struct SplitName {
  size_t split = 0;
  std::string rest;       // the other words, without those that say nothing
  bool is_exact = false;  // the name is the word that says so, and nothing else
};

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_lower(c) || is_upper(c) || static_cast<unsigned char>(c) >= 0x80; }

std::optional<size_t> split_called(std::string_view word) {
  static const std::map<std::string_view, Split> kWords = {
      {"train", Split::kTrain},           {"training", Split::kTrain}, {"val", Split::kValidation},
      {"valid", Split::kValidation},      {"dev", Split::kValidation}, {"test", Split::kTest},
      {"validation", Split::kValidation}, {"testing", Split::kTest}};
  const auto found = kWords.find(word);
  if (found == kWords.end()) return std::nullopt;
  return static_cast<size_t>(found->second);
}

// Which split a word names, by itself or with a word that says nothing behind it: train, trainset.
std::optional<size_t> split_in(std::string_view word) {
  if (const std::optional<size_t> split = split_called(word)) return split;
  for (const std::string_view filler : kFillers)
    if (word.ends_with(filler))
      if (const auto split = split_called(word.substr(0, word.size() - filler.size()))) return split;
  return std::nullopt;
}

std::string lower_case(std::string_view word) {
  std::string text(word);
  for (char& c : text)
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// Adds a row of letters in lower case: as one word, or as the words that begin with its capital letters.
void add_words(std::string_view letters, std::vector<std::string>& words) {
  const bool is_one = split_in(lower_case(letters)).has_value();
  for (size_t begin = 0; begin < letters.size();) {
    size_t end = begin + 1;
    while (end < letters.size() && (is_one || !is_upper(letters[end]) || !is_lower(letters[end - 1]))) ++end;
    words.push_back(lower_case(letters.substr(begin, end - begin)));
    begin = end;
  }
}

// "Seg-TrainSet 2" is seg and trainset, "MyTrain" my and train; digits are no words.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin < name.size();) {
    size_t end = begin;
    while (end < name.size() && is_letter(name[end])) ++end;
    if (end > begin) add_words(name.substr(begin, end - begin), words);
    begin = end + 1;
  }
  return words;
}

// Nothing where no word names a split, or more than one does.
std::optional<SplitName> read_name(std::string_view name) {
  std::optional<SplitName> found;
  std::string rest;
  for (const std::string& word : words_of(name)) {
    if (const std::optional<size_t> split = split_in(word)) {
      if (found) return std::nullopt;
      found = SplitName{*split, "", word.size() == name.size() && split_called(word)};
    } else if (std::find(kFillers.begin(), kFillers.end(), word) == kFillers.end()) {
      rest += word + " ";
    }
  }
  if (found) found->rest = rest;
  return found;
}

// Folders whose names differ in the split, digits and fillers alone, by Split.
struct Group {
  std::array<std::vector<std::string>, 3> folders;
  std::array<bool, 3> is_exact{};  // folders whose names are exact leave no other in their place

  void add(const SplitName& read, const std::string& name) {
    if (is_exact[read.split] && !read.is_exact) return;
    if (read.is_exact && !std::exchange(is_exact[read.split], true)) folders[read.split].clear();
    folders[read.split].push_back(name);
  }
  bool has(Split split) const { return !folders[static_cast<size_t>(split)].empty(); }
  bool has_exact() const { return std::count(is_exact.begin(), is_exact.end(), true) > 0; }
};

void refuse_two(const std::vector<std::string>& folders, size_t split, const std::string& where) {
  if (folders.size() < 2) return;
  throw Error(ErrorCode::kData, where + " contains both " + shown(folders[0]) + " and " + shown(folders[1]) +
                                    "; keep the one with the " + kPurposes[split] +
                                    " images there, and move the other away or its images into the former");
}

}  // namespace

SplitFolders find_split_folders(const std::vector<std::string>& names, const std::string& where) {
  std::map<std::string, Group> groups;
  for (const std::string& name : names)
    if (const std::optional<SplitName> read = read_name(name)) groups[read->rest].add(*read, name);
  Group chosen;
  const auto take = [&chosen](const Group& group, bool exact_alone) {
    for (size_t split = 0; split < chosen.folders.size(); ++split)
      if (!exact_alone || group.is_exact[split])
        chosen.folders[split].insert(chosen.folders[split].end(), group.folders[split].begin(),
                                     group.folders[split].end());
  };
  for (const auto& [rest, group] : groups) {
    const bool is_complete = group.has(Split::kTrain) && (group.has(Split::kValidation) || group.has(Split::kTest));
    if (is_complete || group.has_exact()) take(group, !is_complete);
  }
  if (!chosen.has(Split::kTrain))
    for (const auto& [rest, group] : groups)
      if (!group.has_exact() && group.has(Split::kValidation) && group.has(Split::kTest)) take(group, false);
  SplitFolders folders;
  for (size_t split = 0; split < folders.size(); ++split) {
    refuse_two(chosen.folders[split], split, where);
    if (!chosen.folders[split].empty()) folders[split] = chosen.folders[split].front();
  }
  return folders;
}

}  // namespace dha::datasets
