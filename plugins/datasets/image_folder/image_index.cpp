#include "image_folder/image_index.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "dha/error.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

constexpr std::array<const char*, 3> kSplitFolders = {"train", "val", "test"};

[[noreturn]] void fail(const std::string& what) { throw Error(ErrorCode::kData, what); }

bool is_hidden(const fs::path& path) { return path.filename().native().starts_with('.'); }

// Names of the folders in `folder` that may be classes, in byte order.
std::vector<std::string> class_folders(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (entry.is_directory() && !is_hidden(entry.path())) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

// Appends the files below root/folder, at any depth, in byte order of their paths.
void append_images(const fs::path& root, const fs::path& folder, int64_t label, std::vector<ImageEntry>& entries) {
  const auto first = static_cast<std::ptrdiff_t>(entries.size());
  for (auto at = fs::recursive_directory_iterator(root / folder); at != fs::recursive_directory_iterator(); ++at) {
    if (is_hidden(at->path())) {
      at.disable_recursion_pending();
    } else if (at->is_regular_file()) {
      entries.push_back({(folder / at->path().lexically_relative(root / folder)).string(), label});
    }
  }
  std::sort(entries.begin() + first, entries.end(),
            [](const ImageEntry& left, const ImageEntry& right) { return left.path < right.path; });
}

// Training images in the class folders of root/folder, which also decide the classes.
void scan_training(const fs::path& root, const fs::path& folder, const std::function<void()>& check_cancelled,
                   ImageIndex& index) {
  const fs::path where = folder.empty() ? root : root / folder;
  index.class_names = class_folders(where);
  if (index.class_names.empty())
    fail(where.string() + " holds no class folder; expected one folder of images for each class");
  std::vector<ImageEntry>& entries = index[Split::kTrain];
  for (size_t label = 0; label < index.class_names.size(); ++label) {
    check_cancelled();
    const size_t before = entries.size();
    append_images(root, folder / index.class_names[label], static_cast<int64_t>(label), entries);
    if (entries.size() == before)
      fail("class folder " + (where / index.class_names[label]).string() +
           " holds no file; put images there or remove the folder");
  }
}

// Images of another split, whose class folders must be known and may be missing or empty.
void scan_other(const fs::path& root, const fs::path& folder, Split split, const std::function<void()>& check_cancelled,
                ImageIndex& index) {
  for (const std::string& name : class_folders(root / folder)) {
    check_cancelled();
    const auto known = std::lower_bound(index.class_names.begin(), index.class_names.end(), name);
    if (known == index.class_names.end() || *known != name)
      fail("class folder " + (root / folder / name).string() + " has no counterpart in " +
           (root / kSplitFolders[0]).string() + "; every class needs training images");
    append_images(root, folder / name, known - index.class_names.begin(), index[split]);
  }
}

// The folder of the validation images, empty where there is none.
fs::path validation_folder(const fs::path& root) {
  const bool brief = fs::is_directory(root / "val"), full = fs::is_directory(root / "validation");
  if (brief && full) fail(root.string() + " holds both val and validation; keep the one with the validation images");
  return brief ? "val" : full ? "validation" : "";
}

ImageIndex scan_folders(const fs::path& root, const std::function<void()>& check_cancelled) {
  ImageIndex index;
  const fs::path validation = validation_folder(root);
  const bool test = fs::is_directory(root / "test");
  if (!fs::is_directory(root / "train")) {
    if (test || !validation.empty())
      fail(root.string() + " holds " + (test ? "test" : validation.string()) +
           " but no train; expected train/<class>/<image>");
    scan_training(root, "", check_cancelled, index);
    return index;
  }
  scan_training(root, "train", check_cancelled, index);
  if (!validation.empty()) scan_other(root, validation, Split::kValidation, check_cancelled, index);
  if (test) scan_other(root, "test", Split::kTest, check_cancelled, index);
  return index;
}

void check_classes(const ImageIndex& index, const ImageSource& source) {
  const auto found = static_cast<int64_t>(index.class_names.size());
  if (!source.classes || *source.classes == found) return;
  fail(source.root.string() + " has " + std::to_string(found) + " classes, but parameter 'classes' is " +
       std::to_string(*source.classes) + "; correct the parameter or the folders");
}

void check_split_is_missing(const ImageIndex& index, Split split, const char* parameter) {
  if (index[split].empty()) return;
  throw Error(ErrorCode::kInvalidParameter, std::string("parameter '") + parameter +
                                                "' is given, but the data set has such a split of its own with " +
                                                std::to_string(index[split].size()) + " images; remove the parameter");
}

}  // namespace

ImageIndex build_image_index(const ImageSource& source, const std::function<void()>& check_cancelled) try {
  if (!fs::is_directory(source.root))
    fail(source.root.string() + " is not a folder; set 'path' to the root folder of the images");
  ImageIndex index =
      source.lists[0] ? read_image_lists(source, check_cancelled) : scan_folders(source.root, check_cancelled);
  check_classes(index, source);
  if (source.validation_fraction > 0) check_split_is_missing(index, Split::kValidation, "validation_fraction");
  if (source.test_fraction > 0) check_split_is_missing(index, Split::kTest, "test_fraction");
  // Both are fractions of all images, so the second is taken of what the first has left.
  take_fraction(index, Split::kTest, source.test_fraction, source.split_seed);
  take_fraction(index, Split::kValidation, source.validation_fraction / (1 - source.test_fraction), source.split_seed);
  return index;
} catch (const fs::filesystem_error& error) {
  fail(std::string("the image folders cannot be read: ") + error.what() + "; check their permissions");
}

}  // namespace dha::datasets
