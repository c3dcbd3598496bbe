// Which images a folder set has, in which split and of which class; built once by open().
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dha/dataset.hpp"

namespace dha::datasets {

struct ImageEntry {
  std::string path;  // below the root
  int64_t label = 0;
  ImageSize size;     // zero until the file has been checked
  int64_t bytes = 0;  // of the file, likewise
};

struct ImageIndex {
  std::vector<std::string> class_names;           // in label order
  std::array<std::vector<ImageEntry>, 3> splits;  // by Split
  std::vector<std::string> information;           // lines for the log: what was left out as it should be
  std::vector<std::string> warnings;              // what was left out and may have been meant to be used
  std::vector<ImageEntry>& operator[](Split split) { return splits[static_cast<size_t>(split)]; }
  const std::vector<ImageEntry>& operator[](Split split) const { return splits[static_cast<size_t>(split)]; }
};

// Where the images are.
struct ImageSource {
  std::filesystem::path root;
  std::array<std::optional<std::filesystem::path>, 3> lists;  // by Split; a list file makes folders meaningless
  int64_t label_base = 0;                                     // of the labels in list files
  std::optional<int64_t> classes;                             // that there must be
  double validation_fraction = 0, test_fraction = 0;          // of the images of each class, taken from those to train
  uint64_t split_seed = 0;                                    // decides which images are taken
};

// Finds the images by list files, else in `root/<split>/<class>/`, else in `root/<class>/`; split_folders.hpp says how
// splits are named. A folder that holds nothing but one folder of folders stands for that. Classes are the class
// folders of the training split in byte order, images stand in byte order of their paths within each class. No image is
// decoded; of a file whose name does not say that it is one, the first bytes decide. `check_cancelled` is called now
// and then and may throw. Throws Error{kData} that names the file or folder.
ImageIndex find_images(const ImageSource& source, const std::function<void()>& check_cancelled);

// Reads list files: an image a line, its path below the root, white space, its label number. Where no line of any list
// has a label, an image is of the class whose folder its path begins with; classes are in byte order. Where the first
// path leads nowhere and the root contains nothing but one folder of folders, paths are below that. Part of
// find_images().
ImageIndex read_image_lists(const ImageSource& source, const std::function<void()>& check_cancelled);

// Sets the fractions of `source` apart for testing and validation. Throws Error{kInvalidParameter} for a fraction of a
// split that is there, and what take_fraction() throws.
void set_fractions_apart(ImageIndex& index, const ImageSource& source);

// Moves fraction * n of the n images of each class, rounded up, from the training split to `to`. Which ones
// depends on the class's name and images and on `seed` alone. Throws Error{kData} where a class has too few. Part of
// set_fractions_apart().
void take_fraction(ImageIndex& index, Split to, double fraction, uint64_t seed);

// Throws Error{kData} if `source` gives another number of classes than the index has.
void check_classes(const ImageIndex& index, const ImageSource& source);

}  // namespace dha::datasets
