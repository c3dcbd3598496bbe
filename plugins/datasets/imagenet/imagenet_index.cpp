#include "imagenet/imagenet_index.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "dha/error.hpp"
#include "image_folder/file_names.hpp"
#include "image_folder/folder_content.hpp"
#include "image_folder/left_out.hpp"
#include "imagenet/validation_labels.hpp"
#include "shared/archive.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

constexpr size_t kClasses = 1000, kTrainingImages = 1'281'167, kValidationImages = 50'000;  // of the published set
constexpr const char* kBases[] = {"", "ILSVRC/Data/CLS-LOC", "Data/CLS-LOC"};               // the others are Kaggle's

[[noreturn]] void fail(const std::string& what) { throw Error(ErrorCode::kData, what); }

class ImagenetScan {
 public:
  ImagenetScan(const fs::path& root, const std::optional<fs::path>& validation_labels,
               const std::function<void()>& check_cancelled)
      : root_(root), validation_labels_(validation_labels), check_cancelled_(check_cancelled) {}

  ImageIndex run();

 private:
  std::string name_of(const fs::path& below) const { return shown(below.empty() ? root_ : root_ / below); }
  fs::path find_base() const;
  void scan_training();
  void scan_validation();
  void scan_validation_folders(const FolderContent& content);
  void label_validation_images(const FolderContent& content);
  fs::path find_labels() const;
  int64_t label_of(const std::string& wnid, const std::string& whose) const;
  void compare_with_published_set();

  const fs::path& root_;
  const std::optional<fs::path>& validation_labels_;
  const std::function<void()>& check_cancelled_;
  fs::path base_;  // below the root: has train and val
  LeftOut left_out_;
  ImageIndex index_;
};

fs::path ImagenetScan::find_base() const {
  for (const fs::path base : kBases)
    if (fs::is_directory(root_ / base / "train")) return base;
  const fs::path archive = root_ / "ILSVRC2012_img_train.tar";
  const std::string folder = name_of("train"), lacks = shown(root_) + " has no folder train";
  if (!fs::exists(archive)) fail(lacks + "; set 'path' to the folder that has train/<wnid>/<image> and val");
  fail(lacks + ", but the archive " + shown(archive) + "; unpack it with `mkdir '" + folder + "' && tar -xf '" +
       shown(archive) + "' -C '" + folder + "'`, and then the archives of the classes in it");
}

void ImagenetScan::scan_training() {
  const fs::path train = base_ / "train";
  const FolderContent content = read_folder(root_ / train);
  const auto archive = std::find_if(content.others.begin(), content.others.end(), [](const std::string& name) {
    return name.ends_with(".tar") && is_wnid(std::string_view(name).substr(0, name.size() - 4));
  });
  for (const std::string& name : content.folders) {
    if (!is_wnid(name))
      fail(name_of(train / name) + " is not a class of ImageNet, which are named like n01440764; move the folder away");
    FoundImages found = find_images_below(root_, train / name, check_cancelled_, left_out_);
    if (found.paths.empty())
      fail("class folder " + name_of(train / name) + " contains no image; unpack " + name + ".tar into it");
    const auto label = static_cast<int64_t>(index_.class_names.size());
    index_.class_names.push_back(name);
    for (std::string& path : found.paths) index_[Split::kTrain].push_back({std::move(path), label, {}});
  }
  const bool is_packed = archive != content.others.end();
  if (is_packed && !fs::is_directory(root_ / train / fs::path(*archive).stem()))
    fail(name_of(train) + " contains the archive " + *archive + " of a class; unpack all of them with `cd '" +
         name_of(train) + "' && for f in n*.tar; do mkdir -p ${f%.tar} && tar -xf $f -C ${f%.tar}; done`");
  if (index_.class_names.empty())
    fail(name_of(train) + " contains no class folder; expected one folder of images per class, named like n01440764");
  content.leave_out_rest(train, left_out_);
  left_out_.add_loose(train, static_cast<int64_t>(content.images.size()));
}

void ImagenetScan::scan_validation() {
  const fs::path val = base_ / "val";
  if (!fs::is_directory(root_ / val))
    fail(name_of(base_) + " has no folder val; unpack ILSVRC2012_img_val.tar into a folder of that name");
  const FolderContent content = read_folder(root_ / val);
  content.leave_out_rest(val, left_out_);
  if (!content.folders.empty() && !content.images.empty())
    fail(name_of(val) + " contains both folders, such as " + shown(content.folders.front()) + ", and images, such as " +
         shown(content.images.front()) + "; sort all images into class folders, or none");
  if (content.folders.empty() && content.images.empty())
    fail(name_of(val) + " contains no image; unpack ILSVRC2012_img_val.tar into it");
  if (content.folders.empty()) {
    label_validation_images(content);
    return;
  }
  if (validation_labels_)
    throw Error(ErrorCode::kInvalidParameter, "parameter 'validation_labels' is given, but " + name_of(val) +
                                                  " has a folder per class; remove the parameter");
  scan_validation_folders(content);
}

void ImagenetScan::scan_validation_folders(const FolderContent& content) {
  for (const std::string& name : content.folders) {
    const fs::path folder = base_ / "val" / name;
    if (!is_wnid(name))
      fail(name_of(folder) +
           " is not a class of ImageNet, which are named like n01440764; move the folder away, or read " +
           "the images of another set with dha.image_folder");
    FoundImages found = find_images_below(root_, folder, check_cancelled_, left_out_);
    const int64_t label = label_of(name, "class folder " + name_of(folder));
    for (std::string& path : found.paths) index_[Split::kTest].push_back({std::move(path), label, {}});
  }
}

void ImagenetScan::label_validation_images(const FolderContent& content) {
  const fs::path file = validation_labels_ ? *validation_labels_ : find_labels();
  const ValidationLabels labels = read_validation_labels(file);
  for (const std::string& name : content.images) {
    const fs::path path = base_ / "val" / name;
    const std::optional<int64_t> number = validation_number(fs::path(name).stem().native());
    if (!number)
      fail(name_of(path) +
           " is not named like ILSVRC2012_val_00000001.JPEG, whose number tells its class; move the file away");
    const auto found = labels.find(*number);
    if (found == labels.end())
      fail(shown(file) + " has no class for " + name_of(path) + ", and has " + std::to_string(labels.size()) +
           "; unpack the development kit again");
    const int64_t label =
        label_of(found->second, "the class of " + name_of(path) + " by " + shown(file) + ", " + found->second + ",");
    index_[Split::kTest].push_back({path.native(), label, {}});
  }
  index_.information.push_back("read the classes of the images in " + name_of(base_ / "val") + " from " + shown(file));
}

// In the folder with val, or those above it up to the root.
fs::path ImagenetScan::find_labels() const {
  std::optional<fs::path> archive;
  for (fs::path folder = base_;; folder = folder.parent_path()) {
    for (const char* place : kLabelPlaces)
      if (fs::is_regular_file(root_ / folder / place)) return root_ / folder / place;
    if (fs::exists(root_ / folder / kKitArchive)) archive = root_ / folder / kKitArchive;
    if (folder.empty()) break;
  }
  const std::string lacks = name_of(base_ / "val") + " has no folder per class, and the classes of its images are in " +
                            std::string(kLabelPlaces[0]) + ", which is not in " + shown(root_) + "; ";
  if (archive) fail(lacks + unpack_advice(*archive, archive->parent_path()));
  fail(lacks + "unpack " + kKitArchive + " there, or set 'validation_labels' to a file with the classes");
}

int64_t ImagenetScan::label_of(const std::string& wnid, const std::string& whose) const {
  const auto found = std::lower_bound(index_.class_names.begin(), index_.class_names.end(), wnid);
  if (found == index_.class_names.end() || *found != wnid)
    fail(whose + " has no counterpart in " + name_of(base_ / "train") + "; unpack the training images of " +
         shown(wnid) + " there, or remove the validation images of this class");
  return found - index_.class_names.begin();
}

void ImagenetScan::compare_with_published_set() {
  const size_t training = index_[Split::kTrain].size(), validation = index_[Split::kTest].size();
  index_.information.push_back("the test split is ImageNet's " + std::to_string(validation) +
                               " validation images: the labels of its test images are not public");
  if (index_.class_names.size() == kClasses && training == kTrainingImages && validation == kValidationImages) return;
  index_.warnings.push_back(shown(root_) + " has " + std::to_string(training) + " training and " +
                            std::to_string(validation) + " validation images of " +
                            std::to_string(index_.class_names.size()) + " classes, the published set has " +
                            std::to_string(kTrainingImages) + " and " + std::to_string(kValidationImages) + " of " +
                            std::to_string(kClasses));
}

ImageIndex ImagenetScan::run() {
  base_ = find_base();
  scan_training();
  scan_validation();
  if (!base_.empty()) index_.information.push_back("read " + name_of(base_));
  for (std::string line : {left_out_.about_files(), left_out_.about_runs()})
    if (!line.empty()) index_.information.push_back(std::move(line));
  if (std::string line = left_out_.warning(); !line.empty()) index_.warnings.push_back(std::move(line));
  compare_with_published_set();
  return std::move(index_);
}

}  // namespace

ImageIndex find_imagenet(const fs::path& root, const std::optional<fs::path>& validation_labels,
                         const std::function<void()>& check_cancelled) try {
  if (!fs::is_directory(root)) fail(shown(root) + " is not a folder; set 'path' to the folder of ImageNet");
  return ImagenetScan(root, validation_labels, check_cancelled).run();
} catch (const fs::filesystem_error& error) {
  fail("the folders of ImageNet cannot be read: " + shown(error.path1()) + ": " + error.code().message() +
       "; check its permissions");
}

}  // namespace dha::datasets
