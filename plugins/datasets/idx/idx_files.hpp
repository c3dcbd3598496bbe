// Finds the IDX files of a set below the folder that a user names, in the layouts in which such sets are delivered.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace dha::datasets {

struct IdxPair {
  std::filesystem::path images, labels;
  int label_dimensions = 1;  // 1: unsigned bytes; 2: rows of 32-bit integers that start with the class
};

struct IdxFiles {
  std::filesystem::path folder;
  std::string prefix;  // "emnist-letters"; empty where the names have none
  IdxPair train;
  std::optional<IdxPair> validation, test;
};

// Looks in `path`, then up to three levels below it (MNIST/raw, gzip). A file may lie in a folder that is named as an
// IDX file itself, as in Kaggle's archive of MNIST. Of two copies of one file the unpacked one is taken. `prefix`:
// reads the set whose names start so; absent: the only one there is. Throws Error{kData} that names what is missing or
// which sets there are.
IdxFiles find_idx_files(const std::filesystem::path& path, const std::optional<std::string>& prefix);

}  // namespace dha::datasets
