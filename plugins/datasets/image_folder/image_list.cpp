#include <charconv>
#include <fstream>
#include <set>

#include "dha/error.hpp"
#include "image_folder/image_index.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

constexpr int64_t kMostClasses = 1'000'000;  // a larger label is a typing error, not a class
constexpr int64_t kLinesBetweenChecks = 4096;

[[noreturn]] void fail(const fs::path& list, int64_t line, const std::string& what) {
  throw Error(ErrorCode::kData, list.string() + ", line " + std::to_string(line) + ": " + what);
}

// Splits "some path.jpg 12" at its last white space; paths may hold spaces.
ImageEntry parse_line(const std::string& text, const fs::path& list, int64_t line, int64_t label_base) {
  const size_t gap = text.find_last_of(" \t");
  const size_t end = gap == std::string::npos ? gap : text.find_last_not_of(" \t", gap);
  if (end == std::string::npos) fail(list, line, "'" + text + "' is not an image path, a space and a label number");
  const std::string number = text.substr(gap + 1);
  int64_t label = 0;
  const auto [rest, failed] = std::from_chars(number.data(), number.data() + number.size(), label);
  if (failed != std::errc() || rest != number.data() + number.size())
    fail(list, line, "label '" + number + "' is not a whole number");
  if (label < label_base || label - label_base >= kMostClasses)
    fail(list, line,
         "label " + number + " lies outside [" + std::to_string(label_base) + ", " +
             std::to_string(label_base + kMostClasses - 1) + "]; set 'label_base' to the number of the first class");
  return {text.substr(0, end + 1), label - label_base};
}

std::vector<ImageEntry> read_list(const fs::path& list, const ImageSource& source,
                                  const std::function<void()>& check_cancelled) {
  std::ifstream file(list);
  if (!file) throw Error(ErrorCode::kData, "list file " + list.string() + " cannot be opened; check its path");
  std::vector<ImageEntry> entries;
  int64_t line = 0;
  for (std::string text; std::getline(file, text);) {
    if (++line % kLinesBetweenChecks == 0) check_cancelled();
    const size_t end = text.find_last_not_of(" \t\r");
    if (end == std::string::npos) continue;
    text.resize(end + 1);
    entries.push_back(parse_line(text, list, line, source.label_base));
    const ImageEntry& entry = entries.back();
    if (source.classes && entry.label >= *source.classes)
      fail(list, line,
           "label " + std::to_string(entry.label + source.label_base) + " lies outside [" +
               std::to_string(source.label_base) + ", " + std::to_string(source.label_base + *source.classes - 1) +
               "]; correct 'classes' or 'label_base'");
    std::error_code unreachable;  // such as a name that is too long
    if (!fs::is_regular_file(source.root / entry.path, unreachable))
      fail(list, line, "there is no file " + (source.root / entry.path).string());
  }
  if (entries.empty()) throw Error(ErrorCode::kData, "list file " + list.string() + " names no image");
  return entries;
}

// Every class must have training images: a gap is nearly always a wrong label_base.
void check_all_classes_train(const ImageIndex& index, const ImageSource& source, int64_t classes) {
  std::vector<bool> trained(static_cast<size_t>(classes), false);
  for (const ImageEntry& entry : index[Split::kTrain]) trained[static_cast<size_t>(entry.label)] = true;
  for (size_t label = 0; label < trained.size(); ++label) {
    if (!trained[label])
      throw Error(ErrorCode::kData, "list file " + source.lists[0]->string() + " names no image of label " +
                                        std::to_string(static_cast<int64_t>(label) + source.label_base) + ", of " +
                                        std::to_string(classes) + " classes from " + std::to_string(source.label_base) +
                                        " on; check 'label_base', every class needs training images");
  }
}

// The folder that all images of a class share; numbers where that does not tell the classes apart.
std::vector<std::string> name_classes(const ImageIndex& index, int64_t classes, int64_t label_base) {
  std::vector<std::string> names(static_cast<size_t>(classes));
  bool shared = true;
  for (const std::vector<ImageEntry>& split : index.splits) {
    for (const ImageEntry& entry : split) {
      std::string& name = names[static_cast<size_t>(entry.label)];
      const std::string folder = fs::path(entry.path).parent_path().filename().string();
      if (name.empty()) name = folder;
      shared = shared && !folder.empty() && name == folder;
    }
  }
  if (shared && std::set<std::string>(names.begin(), names.end()).size() == names.size()) return names;
  for (size_t label = 0; label < names.size(); ++label)
    names[label] = std::to_string(static_cast<int64_t>(label) + label_base);
  return names;
}

}  // namespace

ImageIndex read_image_lists(const ImageSource& source, const std::function<void()>& check_cancelled) {
  ImageIndex index;
  int64_t classes = source.classes.value_or(0);
  for (size_t split = 0; split < index.splits.size(); ++split) {
    if (!source.lists[split]) continue;
    index.splits[split] = read_list(*source.lists[split], source, check_cancelled);
    for (const ImageEntry& entry : index.splits[split]) classes = std::max(classes, entry.label + 1);
  }
  check_all_classes_train(index, source, classes);
  index.class_names = name_classes(index, classes, source.label_base);
  return index;
}

}  // namespace dha::datasets
