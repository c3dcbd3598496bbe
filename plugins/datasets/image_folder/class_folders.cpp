#include "image_folder/class_folders.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "dha/error.hpp"
#include "image_folder/file_names.hpp"
#include "image_folder/folder_content.hpp"
#include "image_folder/image_kind.hpp"
#include "image_folder/left_out.hpp"
#include "image_folder/only_folder.hpp"
#include "image_folder/split_folders.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

constexpr int kMostDescents = 4;
constexpr auto kTrain = static_cast<size_t>(Split::kTrain);

[[noreturn]] void fail(const std::string& what) { throw Error(ErrorCode::kData, what); }

class Scan {
 public:
  Scan(const fs::path& root, const std::function<void()>& check_cancelled)
      : root_(root), check_cancelled_(check_cancelled) {}

  ImageIndex run();

 private:
  std::string name_of(const fs::path& folder) const { return shown(folder.empty() ? root_ : root_ / folder); }
  FoundImages find_below(const fs::path& folder) {
    return find_images_below(root_, folder, check_cancelled_, left_out_);
  }
  fs::path descend(fs::path folder, bool until_splits);
  bool are_classes(const SplitFolders& splits, const fs::path& base, const FolderContent& content) const;
  void refuse_without_training(const SplitFolders& splits, const fs::path& base) const;
  [[noreturn]] void refuse_dangling(const fs::path& link) const;
  void leave_out_loose(const fs::path& folder, FolderContent& content);
  void scan_training(const fs::path& folder);
  void add_training_class(const fs::path& folder, const std::string& name);
  void scan_other(const fs::path& folder, Split split);
  [[noreturn]] void refuse_unknown_class(const fs::path& folder, const std::string& name) const;
  void leave_out_folder(const fs::path& folder);
  void leave_out_others(const fs::path& base, const FolderContent& content, const SplitFolders& splits);
  bool is_class(const std::string& name) const {
    return std::binary_search(index_.class_names.begin(), index_.class_names.end(), name);
  }

  const fs::path& root_;
  const std::function<void()>& check_cancelled_;
  LeftOut left_out_;
  ImageIndex index_;
  fs::path training_;  // folder of the training classes
};

// Follows folders that hold nothing but one folder of folders. `until_splits`: a folder of splits is no such folder.
fs::path Scan::descend(fs::path folder, bool until_splits) {
  for (int depth = 0; depth < kMostDescents; ++depth) {
    const FolderContent content = read_folder(root_ / folder);
    if (until_splits && find_split_folders(content.folders, name_of(folder)) != SplitFolders()) break;
    const std::optional<std::string> only = only_folder(root_ / folder, content);
    if (!only || is_class(*only)) break;
    content.leave_out_rest(folder, left_out_);
    for (const std::string& name : content.folders)
      if (name != *only) leave_out_folder(folder / name);
    index_.information.push_back("read " + name_of(folder / *only) + " instead of " + name_of(folder) +
                                 ", which contains no other images");
    folder /= *only;
  }
  return folder;
}

// Whether folders with names of splits are classes, such as valid next to invalid, or train next to car: they hold
// images themselves, as do other folders, and no two of them could be the splits of one set.
bool Scan::are_classes(const SplitFolders& splits, const fs::path& base, const FolderContent& content) const {
  const bool has_training = !splits[kTrain].empty();
  const auto is_split = [&splits](const std::string& name) {
    return std::find(splits.begin(), splits.end(), name) != splits.end();
  };
  const auto count = splits.size() - static_cast<size_t>(std::count(splits.begin(), splits.end(), ""));
  if (count == 0 || (has_training && count > 1)) return false;
  bool others_hold_images = false;
  for (const std::string& name : content.folders) {
    const bool holds_images = !read_folder(root_ / base / name).images.empty();
    if (is_split(name) && !holds_images) return false;
    if (!is_split(name) && holds_images) others_hold_images = true;
  }
  return others_hold_images;
}

void Scan::refuse_without_training(const SplitFolders& splits, const fs::path& base) const {
  for (const Split split : {Split::kTest, Split::kValidation}) {
    const std::string& name = splits[static_cast<size_t>(split)];
    if (!name.empty())
      fail(name_of(base) + " contains " + shown(name) +
           " but no train; expected train/<class>/<image>; put the training images there, or set 'path' to " +
           name_of(base / name) + " to train on its images");
  }
}

void Scan::refuse_dangling(const fs::path& link) const {
  fail(name_of(link) + " is a link to " + shown(fs::read_symlink(root_ / link)) +
       ", which does not exist; restore that folder or remove the link");
}

// Leaves out the loose images and the files that are not images in a folder of class folders.
void Scan::leave_out_loose(const fs::path& folder, FolderContent& content) {
  auto loose = static_cast<int64_t>(content.images.size());
  for (const std::string& name : content.dangling) {
    if (!has_image_extension(name)) refuse_dangling(folder / name);
    ++loose;
  }
  content.dangling.clear();
  content.leave_out_rest(folder, left_out_);
  left_out_.add_loose(folder, loose);
}

void Scan::scan_training(const fs::path& folder) {
  training_ = folder;
  FolderContent content = read_folder(root_ / folder);
  leave_out_loose(folder, content);
  for (const std::string& name : content.folders) add_training_class(folder, name);
  if (!index_.class_names.empty()) return;
  if (content.images.empty())
    fail(name_of(folder) +
         " contains no class folder; expected one folder of images per class; put them there or correct 'path'");
  fail(name_of(folder) + " contains " + counted(static_cast<int64_t>(content.images.size()), "image") +
       " but no class folder; expected one folder of images per class; sort the images into such folders, or list them "
       "in a file named by 'train_list'");
}

void Scan::add_training_class(const fs::path& folder, const std::string& name) {
  FoundImages found = find_below(folder / name);
  if (found.paths.empty() && found.has_runs) {
    left_out_.add_run(folder / name);
    return;
  }
  if (!is_utf8(name))
    fail("the name of class folder " + name_of(folder / name) + " is not UTF-8; rename the folder in every split");
  if (found.paths.empty())
    fail("class folder " + name_of(folder / name) + " contains no image; put images there or remove the folder");
  const auto label = static_cast<int64_t>(index_.class_names.size());
  index_.class_names.push_back(name);
  for (std::string& path : found.paths) index_[Split::kTrain].push_back({std::move(path), label, {}});
}

// Class folders of another split must be known and may be missing or empty.
void Scan::scan_other(const fs::path& folder, Split split) {
  FolderContent content = read_folder(root_ / folder);
  leave_out_loose(folder, content);
  for (const std::string& name : content.folders) {
    FoundImages found = find_below(folder / name);
    if (found.paths.empty() && found.has_runs) {
      left_out_.add_run(folder / name);
      continue;
    }
    if (!is_class(name)) refuse_unknown_class(folder, name);
    const auto known = std::lower_bound(index_.class_names.begin(), index_.class_names.end(), name);
    const int64_t label = known - index_.class_names.begin();
    for (std::string& path : found.paths) index_[split].push_back({std::move(path), label, {}});
  }
}

void Scan::refuse_unknown_class(const fs::path& folder, const std::string& name) const {
  const std::string problem = "class folder " + name_of(folder / name) + " has no counterpart in " + name_of(training_);
  for (const std::string& known : index_.class_names)
    if (is_same_text(name, known))
      fail(problem +
           ", where the name is written with other Unicode code points for the same text; give both folders "
           "one name by copying it");
  fail(problem + "; every class needs training images: put some into " + name_of(training_ / name) +
       " or remove the folder");
}

void Scan::leave_out_folder(const fs::path& folder) {
  LeftOut below;
  const FoundImages found = find_images_below(root_, folder, check_cancelled_, below);
  left_out_.add_files(below);
  left_out_.add_folder(folder, static_cast<int64_t>(found.paths.size()));
  if (found.paths.empty() && found.has_runs) left_out_.add_run(folder);
}

void Scan::leave_out_others(const fs::path& base, const FolderContent& content, const SplitFolders& splits) {
  content.leave_out_rest(base, left_out_);
  left_out_.add_loose(base, static_cast<int64_t>(content.images.size()));
  for (const std::string& name : content.folders) {
    if (std::find(splits.begin(), splits.end(), name) == splits.end()) leave_out_folder(base / name);
  }
}

ImageIndex Scan::run() {
  const fs::path base = descend("", true);
  const FolderContent content = read_folder(root_ / base);
  std::vector<std::string> names = content.folders;
  names.insert(names.end(), content.dangling.begin(), content.dangling.end());
  std::sort(names.begin(), names.end());
  SplitFolders splits = find_split_folders(names, name_of(base));
  for (const std::string& name : splits)
    if (std::binary_search(content.dangling.begin(), content.dangling.end(), name)) refuse_dangling(base / name);
  if (are_classes(splits, base, content)) splits = {};
  if (splits[kTrain].empty()) {
    refuse_without_training(splits, base);
    scan_training(base);
  } else {
    scan_training(descend(base / splits[kTrain], false));
    for (const Split split : {Split::kValidation, Split::kTest})
      if (const std::string& name = splits[static_cast<size_t>(split)]; !name.empty())
        scan_other(descend(base / name, false), split);
    leave_out_others(base, content, splits);
  }
  for (std::string line : {left_out_.about_files(), left_out_.about_runs()})
    if (!line.empty()) index_.information.push_back(std::move(line));
  if (std::string line = left_out_.warning(); !line.empty()) index_.warnings.push_back(std::move(line));
  return std::move(index_);
}

}  // namespace

ImageIndex scan_class_folders(const fs::path& root, const std::function<void()>& check_cancelled) {
  return Scan(root, check_cancelled).run();
}

}  // namespace dha::datasets
