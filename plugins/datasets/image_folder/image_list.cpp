#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>

#include "dha/error.hpp"
#include "image_folder/file_names.hpp"
#include "image_folder/image_index.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

constexpr int64_t kMostClasses = 1'000'000;  // a larger label is a typing error, not a class
constexpr int64_t kLinesBetweenChecks = 4096;
constexpr std::string_view kSpace = " \t";

[[noreturn]] void fail(const fs::path& list, int64_t line, const std::string& what) {
  throw Error(ErrorCode::kData, shown(list) + ", line " + std::to_string(line) + ": " + what);
}

[[noreturn]] void refuse_label(const fs::path& list, int64_t line, int64_t label, int64_t label_base) {
  const std::string last = std::to_string(label_base + kMostClasses - 1);
  fail(list, line,
       "label " + std::to_string(label) + " is outside [" + std::to_string(label_base) + ", " + last + "]; " +
           (label == 0 ? "set 'label_base' to 0" : "number the classes from 0 or 1"));
}

// Splits "some path.jpg 12" at its last white space; paths may hold spaces.
ImageEntry parse_line(const std::string& text, const fs::path& list, int64_t line, int64_t label_base) {
  const size_t gap = text.find_last_of(kSpace);
  const size_t end = gap == std::string::npos ? gap : text.find_last_not_of(kSpace, gap);
  if (end == std::string::npos)
    fail(list, line, "'" + shown(text) + "' is not an image path, a space and a label number");
  const std::string number = text.substr(gap + 1);
  int64_t label = 0;
  const auto [rest, failed] = std::from_chars(number.data(), number.data() + number.size(), label);
  if (failed != std::errc() || rest != number.data() + number.size())
    fail(list, line, "label '" + shown(number) + "' is not a whole number; classes are numbered from 0 or 1");
  if (label < label_base || label - label_base >= kMostClasses) refuse_label(list, line, label, label_base);
  return {text.substr(0, end + 1), label - label_base, {}};
}

// A link to nothing stands for an image that cannot be read.
bool is_file(const fs::path& path) {
  std::error_code unreachable;  // such as a name that is too long
  return fs::is_regular_file(path, unreachable) ||
         (fs::is_symlink(path, unreachable) && !fs::exists(path, unreachable));
}

// The path below `root` that `path` means, which may have been written on Windows.
std::string find_file(const fs::path& list, int64_t line, const fs::path& root, const std::string& path) {
  std::string slashed = path;
  std::replace(slashed.begin(), slashed.end(), '\\', '/');
  const size_t begin = std::min(slashed.find_first_not_of(kSpace), slashed.size());
  for (const std::string& candidate : {path, slashed, slashed.substr(begin)})
    if (is_file(root / candidate)) return candidate;
  std::error_code unreachable;
  if (fs::exists(root / slashed, unreachable))
    fail(list, line, shown(root / slashed) + " is not a file; name an image");
  const std::string problem = "there is no file " + shown(root / slashed);
  if (const auto same = find_same_text(root, slashed.substr(begin)))
    fail(list, line,
         problem + ", but " + shown(*same) +
             ", whose name is written with other Unicode code points for the same text; write the name in the list "
             "exactly as in the folder");
  fail(list, line, problem + "; paths in the list are relative to 'path'; correct either, or remove the line");
}

void remove_byte_order_mark(std::string& text, const fs::path& list) {
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
    fail(list, 1, "the file is in UTF-16, expected UTF-8; save it as UTF-8");
}

std::vector<ImageEntry> read_list(const fs::path& list, const ImageSource& source,
                                  const std::function<void()>& check_cancelled) {
  std::ifstream file(list);
  if (!file || fs::is_directory(list))
    throw Error(ErrorCode::kData, "list file " + shown(list) + " cannot be opened; check its path");
  std::vector<ImageEntry> entries;
  int64_t line = 0;
  for (std::string text; std::getline(file, text);) {
    if (++line % kLinesBetweenChecks == 0) check_cancelled();
    if (line == 1) remove_byte_order_mark(text, list);
    const size_t end = text.find_last_not_of(" \t\r");
    if (end == std::string::npos) continue;
    text.resize(end + 1);
    entries.push_back(parse_line(text, list, line, source.label_base));
    const ImageEntry& entry = entries.back();
    if (source.classes && entry.label >= *source.classes)
      fail(list, line,
           "label " + std::to_string(entry.label + source.label_base) + " is outside [" +
               std::to_string(source.label_base) + ", " + std::to_string(source.label_base + *source.classes - 1) +
               "]; " +
               (source.label_base == 0 && entry.label == *source.classes
                    ? "set 'label_base' to 1 if the list counts classes from 1, else correct 'classes'"
                    : "set 'classes' to the number of classes in the lists"));
    entries.back().path = find_file(list, line, source.root, entries.back().path);
  }
  if (entries.empty())
    throw Error(ErrorCode::kData, "list file " + shown(list) +
                                      " names no image; write one image per line: its path, a space, its label number");
  return entries;
}

// Every class must have training images: a gap is nearly always a wrong label_base.
void check_all_classes_train(const ImageIndex& index, const ImageSource& source, int64_t classes) {
  std::vector<bool> trained(static_cast<size_t>(classes), false);
  for (const ImageEntry& entry : index[Split::kTrain]) trained[static_cast<size_t>(entry.label)] = true;
  const auto untrained = std::find(trained.begin(), trained.end(), false);
  if (untrained == trained.end()) return;
  const int64_t label = untrained - trained.begin() + source.label_base;
  const bool is_base_too_low = label == 0 && std::count(trained.begin(), trained.end(), false) == 1;
  const std::string from_one = source.classes ? "set 'label_base' to 1 and 'classes' to " + std::to_string(classes - 1)
                                              : "set 'label_base' to 1";
  throw Error(ErrorCode::kData, "list file " + shown(*source.lists[0]) + " names no image of label " +
                                    std::to_string(label) + ", of " + std::to_string(classes) + " classes from " +
                                    std::to_string(source.label_base) + " on; " +
                                    (is_base_too_low ? from_one
                                                     : "every class needs training images: add some, or number the "
                                                       "classes without a gap"));
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
  if (shared && std::set<std::string>(names.begin(), names.end()).size() == names.size()) {
    for (const std::string& name : names)
      if (!is_utf8(name))
        throw Error(ErrorCode::kData, "the name of class folder " + shown(name) +
                                          " is not UTF-8; rename the folder, and its images in the list files");
    return names;
  }
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
