// Finds the folder of a CIFAR set, and says what to do where something else was delivered.
#pragma once

#include <filesystem>

#include "cifar/cifar_files.hpp"

namespace dha::datasets {

// The folder with the set's training files: `path`, or one up to three levels below it. Where there are several, the
// one that is named as the published archive names it. Throws Error{kData} where there is none or still several: the
// message names the archive, the other version or the other set that lies there instead.
std::filesystem::path find_cifar_folder(const std::filesystem::path& path, const CifarLayout& layout);

}  // namespace dha::datasets
