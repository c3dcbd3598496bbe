#include "image_folder/class_folders.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "dha/error.hpp"
#include "image_folder/file_names.hpp"
#include "image_folder/folder_content.hpp"
#include "image_folder/image_kind.hpp"
#include "image_folder/left_out.hpp"
#include "image_folder/only_folder.hpp"
#include "image_folder/split_folders.hpp"
#include "shared/archive.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

// Where the images of a class are, but for folders that contain nothing but one folder.
struct ClassContent {
  fs::path folder;                      // below the root
  std::vector<std::string> subfolders;  // with images; empty where it has images of its own
};

constexpr int kMostDescents = 4;
constexpr auto kTrain = static_cast<size_t>(Split::kTrain);

[[noreturn]] void fail(const std::string& what) { throw Error(ErrorCode::kData, what); }

// `paths`: those of the images below `folder`, in byte order.
ClassContent content_of(fs::path folder, const std::vector<std::string>& paths) {
  while (true) {
    ClassContent content{folder, {}};
    const size_t begin = folder.native().size() + 1;
    for (const std::string& path : paths) {
      const size_t end = path.find('/', begin);
      if (end == std::string::npos) return {folder, {}};
      std::string name = path.substr(begin, end - begin);
      if (content.subfolders.empty() || content.subfolders.back() != name)
        content.subfolders.push_back(std::move(name));
    }
    if (content.subfolders.size() != 1) return content;
    folder /= content.subfolders.front();
  }
}

// A text that names share which people take for one.
std::string as_read(const std::string& name) {
  const size_t begin = name.find_first_not_of(' ');
  if (begin == std::string::npos) return name;
  return case_folded(std::string_view(name).substr(begin, name.find_last_not_of(' ') + 1 - begin));
}

bool is_archive(const std::string& name) { return !unpack_command(name).empty(); }

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
  [[noreturn]] void refuse_without_images(const fs::path& class_folder) const;
  void compare_names(const fs::path& folder);
  void look_for_splits_below(const fs::path& folder) const;
  void warn_of_deep_classes(const fs::path& folder);
  void scan_other(const fs::path& folder, Split split);
  [[noreturn]] void refuse_unknown_class(const fs::path& folder, const std::string& name, Split split) const;
  void report_missing_classes(const fs::path& folder, Split split);
  void note_ways(const std::vector<ImageFolder>& folders);
  void leave_out_folder(const fs::path& folder);
  void leave_out_others(const fs::path& base, const FolderContent& content, const SplitFolders& splits);
  bool is_class(const std::string& name) const {
    return std::binary_search(index_.class_names.begin(), index_.class_names.end(), name);
  }

  const fs::path& root_;
  const std::function<void()>& check_cancelled_;
  LeftOut left_out_;
  ImageIndex index_;
  fs::path training_;                                    // folder of the training classes
  std::vector<ClassContent> contents_;                   // by label
  std::map<std::pair<dev_t, ino_t>, std::string> ways_;  // to each folder with images: the first path
  std::vector<std::string> second_ways_;                 // "train/b is train/a"
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
  compare_names(folder);
  if (!index_.class_names.empty()) return;
  if (const auto archive = std::find_if(content.others.begin(), content.others.end(), is_archive);
      content.images.empty() && archive != content.others.end())
    fail(name_of(folder) + " contains no class folder, but the archive " + name_of(folder / *archive) +
         ", and archives are not read; " + unpack_advice(root_ / folder / *archive, root_));
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
  if (found.paths.empty()) refuse_without_images(folder / name);
  note_ways(found.folders);
  contents_.push_back(content_of(folder / name, found.paths));
  const auto label = static_cast<int64_t>(index_.class_names.size());
  index_.class_names.push_back(name);
  for (std::string& path : found.paths) index_[Split::kTrain].push_back({std::move(path), label, {}});
}

void Scan::refuse_without_images(const fs::path& class_folder) const {
  const std::vector<std::string> others = read_folder(root_ / class_folder).others;
  fail("class folder " + name_of(class_folder) + " contains no image" +
       (others.empty() ? ""
                       : ", but " + counted(static_cast<int64_t>(others.size()), "other file") + " such as " +
                             shown(others.front())) +
       "; put images there or remove the folder");
}

// Names that are one to people may have become two by copying between systems.
void Scan::compare_names(const fs::path& folder) {
  std::map<std::string, std::string> seen;
  std::string differing;
  for (const std::string& name : index_.class_names) {
    const auto [place, is_new] = seen.emplace(as_read(name), name);
    if (is_new) continue;
    if (is_same_text(place->second, name))
      fail("class folders " + name_of(folder / place->second) + " and " + name_of(folder / name) +
           " have the same name, written with other Unicode code points; move the images into one of them, in every "
           "split");
    if (differing.empty()) differing = "'" + shown(place->second) + "' and '" + shown(name) + "'";
  }
  if (!differing.empty())
    index_.warnings.push_back("class folders in " + name_of(folder) +
                              " differ in letter case or spaces alone, such as " + differing +
                              "; move the images into one folder if they are of one class");
}

// Whether the splits lie below the classes, where they would not be seen.
void Scan::look_for_splits_below(const fs::path& folder) const {
  for (size_t label = 0; label < contents_.size(); ++label) {
    const ClassContent& content = contents_[label];
    const SplitFolders splits = find_split_folders(content.subfolders, name_of(content.folder));
    const auto other = std::find_if(splits.begin() + 1, splits.end(), [](const auto& name) { return !name.empty(); });
    if (splits[kTrain].empty() || other == splits.end()) continue;
    const auto move = [&](const std::string& split) {
      return name_of(content.folder / split) + " to " + name_of(folder / split / index_.class_names[label]);
    };
    fail("class folder " + name_of(content.folder) + " contains the splits " + shown(splits[kTrain]) + " and " +
         shown(*other) + ", expected them above the classes; move " + move(splits[kTrain]) + ", " + move(*other) +
         ", and so on for every class");
  }
}

// Warns where folders take the place of images, as where the classes lie deeper, or splits of unknown names.
void Scan::warn_of_deep_classes(const fs::path& folder) {
  const auto is_deep = [](const ClassContent& content) { return content.subfolders.size() > 1; };
  const auto first = std::find_if(contents_.begin(), contents_.end(), is_deep);
  if (first == contents_.end()) return;
  const std::string name = shown(index_.class_names[static_cast<size_t>(first - contents_.begin())]);
  const int64_t count = std::count_if(contents_.begin(), contents_.end(), is_deep);
  index_.warnings.push_back(counted(count, "class folder") + " in " + name_of(folder) +
                            (count == 1 ? " contains" : " contain") + " folders in the place of images, such as " +
                            name + " with " + shown(first->subfolders[0]) + " and " + shown(first->subfolders[1]) +
                            ": all images below are of class " + name + "; set 'path' to " + name_of(first->folder) +
                            " if these folders are the classes, or rename the splits to train and test");
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
    if (!is_class(name)) refuse_unknown_class(folder, name, split);
    note_ways(found.folders);
    const auto known = std::lower_bound(index_.class_names.begin(), index_.class_names.end(), name);
    const int64_t label = known - index_.class_names.begin();
    for (std::string& path : found.paths) index_[split].push_back({std::move(path), label, {}});
  }
  report_missing_classes(folder, split);
}

void Scan::report_missing_classes(const fs::path& folder, Split split) {
  std::vector<bool> is_there(index_.class_names.size());
  for (const ImageEntry& image : index_[split]) is_there[static_cast<size_t>(image.label)] = true;
  const auto missing = std::count(is_there.begin(), is_there.end(), false);
  const char* const images = split == Split::kTest ? " test images" : " validation images";
  if (index_[split].empty())
    index_.warnings.push_back(name_of(folder) + " contains no image in a class folder: there are no" + images);
  else if (missing > 0)
    index_.information.push_back(std::to_string(missing) + (missing == 1 ? " class has no" : " classes have no") +
                                 images + (missing == 1 ? ": " : ", such as ") +
                                 shown(index_.class_names[static_cast<size_t>(
                                     std::find(is_there.begin(), is_there.end(), false) - is_there.begin())]));
}

void Scan::refuse_unknown_class(const fs::path& folder, const std::string& name, Split split) const {
  const std::string problem = "class folder " + name_of(folder / name) + " has no counterpart in " + name_of(training_);
  for (const std::string& known : index_.class_names) {
    if (is_same_text(name, known))
      fail(problem +
           ", where the name is written with other Unicode code points for the same text; give both folders "
           "one name by copying it");
    if (as_read(name) == as_read(known))
      fail(problem + ", where the name is written '" + shown(known) + "'; give both folders one name");
  }
  const FolderContent content = read_folder(root_ / folder);
  const bool has_known = std::any_of(content.folders.begin(), content.folders.end(),
                                     [this](const auto& other) { return is_class(other); });
  fail(problem + "; every class needs training images: put some into " + name_of(training_ / name) +
       " or remove the folder" +
       (has_known ? ""
                  : "; or, as there is no other class in " + name_of(folder) + ", sort the images into " +
                        name_of(folder / index_.class_names.front()) + " and so on, or move " + name_of(folder) +
                        " elsewhere to run without " + (split == Split::kTest ? "test" : "validation") + " images"));
}

// Of a folder that is read again by another way, an image has two labels or is in two splits.
void Scan::note_ways(const std::vector<ImageFolder>& folders) {
  for (const ImageFolder& folder : folders)
    if (const auto [known, is_new] = ways_.emplace(folder.id, folder.path); !is_new)
      second_ways_.push_back(shown(folder.path) + " is " + shown(known->second));
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
    look_for_splits_below(base);
  } else {
    scan_training(descend(base / splits[kTrain], false));
    for (const Split split : {Split::kValidation, Split::kTest})
      if (const std::string& name = splits[static_cast<size_t>(split)]; !name.empty())
        scan_other(descend(base / name, false), split);
    leave_out_others(base, content, splits);
  }
  warn_of_deep_classes(training_);
  for (std::string line : {left_out_.about_files(), left_out_.about_runs()})
    if (!line.empty()) index_.information.push_back(std::move(line));
  if (std::string line = left_out_.warning(); !line.empty()) index_.warnings.push_back(std::move(line));
  if (!second_ways_.empty())
    index_.warnings.push_back(
        "links lead to the same images in several classes or splits: " + second_ways_.front() +
        (second_ways_.size() > 1 ? " and " + std::to_string(second_ways_.size() - 1) + " more" : "") +
        "; remove the links unless that is meant");
  return std::move(index_);
}

}  // namespace

ImageIndex scan_class_folders(const fs::path& root, const std::function<void()>& check_cancelled) {
  return Scan(root, check_cancelled).run();
}

}  // namespace dha::datasets
