// Finds the folder of a CIFAR set, and says what to do where something else was delivered.
#pragma once

#include <filesystem>

#include "cifar/cifar_files.hpp"

namespace dha::datasets {

struct CifarFolder {
  std::filesystem::path path;
  bool is_python = false;  // has the Python version, else the binary one
};

// The folder with the set's training files: `path`, or one up to three levels below it. The binary version goes before
// the Python one. Where there are several of one version, the one that is named as the published archive names it.
// Throws Error{kData} where there is none or still several: the message names the archive, the MATLAB version or the
// other set that lies there instead.
CifarFolder find_cifar_folder(const std::filesystem::path& path, const CifarLayout& layout);

}  // namespace dha::datasets
