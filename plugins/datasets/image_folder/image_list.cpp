#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <map>
#include <set>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "dha/error.hpp"
#include "image_folder/file_names.hpp"
#include "image_folder/image_index.hpp"
#include "image_folder/image_kind.hpp"
#include "image_folder/left_out.hpp"
#include "image_folder/only_folder.hpp"
#include "shared/byte_order_mark.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

constexpr int64_t kMostClasses = 1'000'000;  // a larger label is a typing error, not a class
constexpr int64_t kLinesBetweenChecks = 4096;
constexpr int kMostDescents = 4;
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

struct Line {
  std::string path;
  std::optional<int64_t> label;  // from 0 on
};

// Splits "some path.jpg 12" at its last white space; paths may hold spaces. A line that ends as the name of an image
// does has no label.
Line parse_line(const std::string& text, const fs::path& list, int64_t line, int64_t label_base) {
  if (has_image_extension(text)) return {text, std::nullopt};
  const size_t gap = text.find_last_of(kSpace);
  const size_t end = gap == std::string::npos ? gap : text.find_last_not_of(kSpace, gap);
  if (end == std::string::npos)
    fail(list, line,
         "'" + shown(text) + "' is not an image path, a space and a label number" +
             (text.find(',') == std::string::npos ? ", such as: cat/1.jpg 0"
                                                  : "; write a space in the place of the comma"));
  const std::string number = text.substr(gap + 1);
  int64_t label = 0;
  const auto [rest, failed] = std::from_chars(number.data(), number.data() + number.size(), label);
  if (failed != std::errc() || rest != number.data() + number.size())
    fail(list, line, "label '" + shown(number) + "' is not a whole number; classes are numbered from 0 or 1");
  if (label < label_base || label - label_base >= kMostClasses) refuse_label(list, line, label, label_base);
  return {text.substr(0, end + 1), label - label_base};
}

// A link to nothing stands for an image that cannot be read.
bool is_file(const fs::path& path) {
  std::error_code unreachable;  // such as a name that is too long
  return fs::is_regular_file(path, unreachable) ||
         (fs::is_symlink(path, unreachable) && !fs::exists(path, unreachable));
}

// As it is written, and as it may have been written on Windows.
std::array<std::string, 3> readings_of(const std::string& path) {
  std::string slashed = path;
  std::replace(slashed.begin(), slashed.end(), '\\', '/');
  return {path, slashed, slashed.substr(std::min(slashed.find_first_not_of(kSpace), slashed.size()))};
}

std::optional<std::string> find_reading(const fs::path& folder, const std::string& path) {
  for (const std::string& reading : readings_of(path))
    if (is_file(folder / reading)) return reading;
  return std::nullopt;
}

// The path below `folder` that `path` means.
std::string find_file(const fs::path& list, int64_t line, const fs::path& folder, const std::string& path) {
  if (std::optional<std::string> found = find_reading(folder, path)) return *found;
  const std::array<std::string, 3> readings = readings_of(path);
  std::error_code unreachable;
  if (fs::exists(folder / readings[1], unreachable))
    fail(list, line, shown(folder / readings[1]) + " is not a file; name an image");
  const std::string problem = "there is no file " + shown(folder / readings[1]);
  if (path.size() > 1 && path.front() == path.back() && (path.front() == '"' || path.front() == '\''))
    fail(list, line, problem + "; write the path without quotation marks");
  if (const auto same = find_same_text(folder, readings[2]))
    fail(list, line,
         problem + ", but " + shown(*same) +
             ", whose name is written with other Unicode code points for the same text; write the name in the list "
             "exactly as in the folder");
  fail(list, line, problem + "; paths in the list are relative to 'path'; correct either, or remove the line");
}

// The folder below `root` that lists are relative to, told by their first image: the root, or a folder that is all it
// contains.
fs::path find_base(const fs::path& root, const std::string& first) {
  fs::path base;
  for (int depth = 0; depth <= kMostDescents; ++depth) {
    if (find_reading(root / base, first)) return base;
    const std::optional<std::string> only = only_folder(root / base, read_folder(root / base));
    if (!only) break;
    base /= *only;
  }
  return {};
}

// The class folder of an image without a label: where its path begins.
std::string class_folder(const fs::path& list, int64_t line, const std::string& path) {
  const fs::path normal = fs::path(path).lexically_normal();
  const fs::path first = *normal.begin();
  if (normal.is_absolute() || first == ".." || first == normal)
    fail(list, line,
         "'" + shown(path) + "' has neither a label number nor a class folder; write a label number behind it, or a " +
             "path that begins with the folder of its class");
  if (!is_utf8(first.native()))
    throw Error(ErrorCode::kData, "the name of class folder " + shown(first) +
                                      " is not UTF-8; rename the folder, and its images in the list files");
  return first.native();
}

void check_encoding(const std::string& text, const fs::path& list) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
    fail(list, 1, "the file is in UTF-16, expected UTF-8; save it as UTF-8");
}

// Reads the lists of all splits, whose lines have a label number or none, all alike.
class ListReader {
 public:
  ListReader(const ImageSource& source, const std::function<void()>& check_cancelled)
      : source_(source), check_cancelled_(check_cancelled) {}

  std::vector<ImageEntry> read(const fs::path& list);
  bool has_labels() const { return first_ && first_->has_label; }
  const fs::path& base() const { return base_; }

  // Without labels: the class folders in byte order; the entries' labels count them as they were met.
  const std::map<std::string, int64_t>& folders() const { return folders_; }

 private:
  struct FirstLine {
    fs::path list;
    int64_t line;
    bool has_label;
  };

  ImageEntry read_line(const std::string& text, const fs::path& list, int64_t line);
  void check_first(const fs::path& list, int64_t line, const Line& found);
  void check_label(const fs::path& list, int64_t line, int64_t label) const;

  const ImageSource& source_;
  const std::function<void()>& check_cancelled_;
  std::optional<FirstLine> first_;
  fs::path base_;  // below the root
  std::map<std::string, int64_t> folders_;
};

std::vector<ImageEntry> ListReader::read(const fs::path& list) {
  std::ifstream file(list);
  if (!file || fs::is_directory(list))
    throw Error(ErrorCode::kData, "list file " + shown(list) + " cannot be opened; check its path");
  std::vector<ImageEntry> entries;
  int64_t line = 0;
  for (std::string text; std::getline(file, text);) {
    if (++line % kLinesBetweenChecks == 0) check_cancelled_();
    if (line == 1) {
      check_encoding(text, list);
      remove_byte_order_mark(text);
    }
    const size_t end = text.find_last_not_of(" \t\r");
    if (end == std::string::npos) continue;
    text.resize(end + 1);
    entries.push_back(read_line(text, list, line));
  }
  if (entries.empty())
    throw Error(ErrorCode::kData, "list file " + shown(list) +
                                      " names no image; write one image per line: its path, a space, its label number");
  return entries;
}

ImageEntry ListReader::read_line(const std::string& text, const fs::path& list, int64_t line) {
  Line found = parse_line(text, list, line, source_.label_base);
  check_first(list, line, found);
  if (found.label) check_label(list, line, *found.label);
  const std::string path = find_file(list, line, source_.root / base_, found.path);
  if (!found.label) {
    const auto known = static_cast<int64_t>(folders_.size());
    found.label = folders_.emplace(class_folder(list, line, path), known).first->second;
  }
  return {(base_ / path).native(), *found.label, {}};
}

void ListReader::check_first(const fs::path& list, int64_t line, const Line& found) {
  if (!first_) {
    first_ = {list, line, found.label.has_value()};
    if (!found.label && source_.label_base != 0)
      throw Error(ErrorCode::kInvalidParameter, "parameter 'label_base' is given, but line " + std::to_string(line) +
                                                    " of " + shown(list) +
                                                    " has no label number; remove the parameter");
    base_ = find_base(source_.root, found.path);
  }
  if (first_->has_label == found.label.has_value()) return;
  const auto number = [](bool is_there) { return std::string(is_there ? "a" : "no") + " label number"; };
  fail(list, line,
       "there is " + number(found.label.has_value()) + ", but " + number(first_->has_label) + " in line " +
           std::to_string(first_->line) + (first_->list == list ? "" : " of " + shown(first_->list)) +
           "; write a label number in every line of every list, or in none");
}

void ListReader::check_label(const fs::path& list, int64_t line, int64_t label) const {
  if (!source_.classes || label < *source_.classes) return;
  fail(list, line,
       "label " + std::to_string(label + source_.label_base) + " is outside [" + std::to_string(source_.label_base) +
           ", " + std::to_string(source_.label_base + *source_.classes - 1) + "]; " +
           (source_.label_base == 0 && label == *source_.classes
                ? "set 'label_base' to 1 if the list counts classes from 1, else correct 'classes'"
                : "set 'classes' to the number of classes in the lists"));
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

// Gives the images without labels those of their class folders in byte order.
void number_folders(ImageIndex& index, const std::map<std::string, int64_t>& folders, const ImageSource& source) {
  std::vector<int64_t> labels(folders.size());
  for (const auto& [folder, met] : folders) {
    labels[static_cast<size_t>(met)] = static_cast<int64_t>(index.class_names.size());
    index.class_names.push_back(folder);
  }
  for (std::vector<ImageEntry>& split : index.splits)
    for (ImageEntry& entry : split) entry.label = labels[static_cast<size_t>(entry.label)];
  if (folders.size() == 1)
    throw Error(ErrorCode::kData, "all paths in list file " + shown(*source.lists[0]) + " begin with folder " +
                                      shown(index.class_names.front()) +
                                      ", and without label numbers this folder is the class; write paths that begin "
                                      "with the class folders, and set 'path' to the folder that contains these");
  std::vector<bool> trained(folders.size(), false);
  for (const ImageEntry& entry : index[Split::kTrain]) trained[static_cast<size_t>(entry.label)] = true;
  const auto untrained = std::find(trained.begin(), trained.end(), false);
  if (untrained != trained.end())
    throw Error(ErrorCode::kData, "list file " + shown(*source.lists[0]) + " names no image of class '" +
                                      index.class_names[static_cast<size_t>(untrained - trained.begin())] +
                                      "', but another list does; every class needs training images: add some");
}

// An image that is listed twice has two labels, is in two splits, or counts twice.
void warn_of_repetitions(ImageIndex& index) {
  std::unordered_set<std::string_view> seen;
  std::string first;
  int64_t count = 0;
  for (const std::vector<ImageEntry>& split : index.splits)
    for (const ImageEntry& entry : split)
      if (!seen.insert(entry.path).second && count++ == 0) first = shown(entry.path);
  if (count > 0)
    index.warnings.push_back("the lists name " + counted(count, "image") + " again, such as " + first +
                             "; remove the lines unless that is meant");
}

}  // namespace

ImageIndex read_image_lists(const ImageSource& source, const std::function<void()>& check_cancelled) {
  ImageIndex index;
  ListReader reader(source, check_cancelled);
  for (size_t split = 0; split < index.splits.size(); ++split)
    if (source.lists[split]) index.splits[split] = reader.read(*source.lists[split]);
  warn_of_repetitions(index);
  if (!reader.base().empty())
    index.information.push_back("read the images of the lists in " + shown(source.root / reader.base()));
  if (!reader.has_labels()) {
    number_folders(index, reader.folders(), source);
    return index;
  }
  int64_t classes = source.classes.value_or(0);
  for (const std::vector<ImageEntry>& split : index.splits)
    for (const ImageEntry& entry : split) classes = std::max(classes, entry.label + 1);
  check_all_classes_train(index, source, classes);
  index.class_names = name_classes(index, classes, source.label_base);
  return index;
}

}  // namespace dha::datasets
