#include "image_folder/image_index.hpp"

#include "dha/error.hpp"
#include "image_folder/class_folders.hpp"
#include "image_folder/file_names.hpp"
#include "shared/archive.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const std::string& what) { throw Error(ErrorCode::kData, what); }

void check_split_is_missing(const ImageIndex& index, Split split, const char* parameter) {
  if (index[split].empty()) return;
  throw Error(ErrorCode::kInvalidParameter, std::string("parameter '") + parameter +
                                                "' is given, but the data set has such a split of its own with " +
                                                std::to_string(index[split].size()) + " images; remove the parameter");
}

}  // namespace

void check_classes(const ImageIndex& index, const ImageSource& source) {
  const auto found = static_cast<int64_t>(index.class_names.size());
  if (!source.classes || *source.classes == found) return;
  fail(shown(source.root) + " has " + std::to_string(found) + " classes, but parameter 'classes' is " +
       std::to_string(*source.classes) + "; set it to " + std::to_string(found) + " or correct the folders");
}

ImageIndex find_images(const ImageSource& source, const std::function<void()>& check_cancelled) try {
  if (fs::is_regular_file(source.root) && !unpack_command(source.root).empty())
    fail(shown(source.root) + " is an archive, and archives are not read; " + unpack_advice(source.root, source.root));
  if (!fs::is_directory(source.root))
    fail(shown(source.root) + " is not a folder; set 'path' to the root folder of the images");
  ImageIndex index =
      source.lists[0] ? read_image_lists(source, check_cancelled) : scan_class_folders(source.root, check_cancelled);
  check_classes(index, source);
  return index;
} catch (const fs::filesystem_error& error) {
  fail("the image folders cannot be read: " + shown(error.path1()) + ": " + error.code().message() +
       "; check its permissions");
}

void set_fractions_apart(ImageIndex& index, const ImageSource& source) {
  if (source.validation_fraction > 0) check_split_is_missing(index, Split::kValidation, "validation_fraction");
  if (source.test_fraction > 0) check_split_is_missing(index, Split::kTest, "test_fraction");
  // Both are fractions of all images, so the second is taken of what the first has left.
  take_fraction(index, Split::kTest, source.test_fraction, source.split_seed);
  take_fraction(index, Split::kValidation, source.validation_fraction / (1 - source.test_fraction), source.split_seed);
}

}  // namespace dha::datasets
