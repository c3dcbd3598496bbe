// The files of CIFAR-10 and CIFAR-100, binary version: which there are, and how a record is laid out.
//
// A record is its label bytes (CIFAR-10: one; CIFAR-100: coarse, then fine), then 32 x 32 red, green and blue bytes,
// each plane in row-major order. Format: A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dha/dataset.hpp"

namespace dha::datasets {

inline constexpr int64_t kCifarSide = 32;  // px
inline constexpr int64_t kCifarPixelBytes = 3 * kCifarSide * kCifarSide;

// One of the three ways to read the sets. The Python version (cifar_pickles.hpp) names its files as the binary one
// does, without ".bin".
struct CifarLayout {
  std::string set;  // "CIFAR-10"
  int64_t classes;
  int64_t label_bytes;                // of a record
  int64_t label_at;                   // which of them is read
  std::string folder;                 // that the published archive unpacks to
  std::vector<std::string> train;     // file names
  std::vector<std::string> test;      // file names
  std::vector<std::string> names;     // of the file with class names, the first that is there
  int64_t train_images, test_images;  // of the published set
  std::string python_folder;          // that the Python version's archive unpacks to
  std::string python_names;           // its file with class names
  std::string labels_key, names_key;  // in its files

  int64_t record_bytes() const { return label_bytes + kCifarPixelBytes; }
};

// `classes`: 10 (CIFAR-10), 100 (CIFAR-100, fine labels) or 20 (CIFAR-100, coarse labels); no other.
CifarLayout cifar_layout(int64_t classes);

// The records of `files` in order. Throws Error{kData} that names file and record where one is missing or truncated or
// has a label outside [0, classes).
ImageTensors read_cifar_files(const std::filesystem::path& folder, const std::vector<std::string>& files,
                              const CifarLayout& layout);

// The class names in the folder's name file; numbers where there is none. Throws Error{kData} where the file has
// another number of names.
std::vector<std::string> read_cifar_names(const std::filesystem::path& folder, const CifarLayout& layout);

// "0", "1", …: the class names of a set that has none.
std::vector<std::string> numbered_names(int64_t classes);

// Throws Error{kData} unless there is a name for each class; `path` is the file that they are from.
void check_name_count(const std::filesystem::path& path, const std::vector<std::string>& names,
                      const CifarLayout& layout);

}  // namespace dha::datasets
