// The files of CIFAR-10 and CIFAR-100, Python version: pickled dictionaries.
//
// The array "data" has a row of 3,072 bytes per image, in the order of the binary version; a list has the labels.
// Format: A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cifar/cifar_files.hpp"

namespace dha::datasets {

// The images of `files` in order. Throws Error{kData} that names the file where one is missing or damaged or has a
// label outside [0, classes).
ImageTensors read_cifar_pickles(const std::filesystem::path& folder, const std::vector<std::string>& files,
                                const CifarLayout& layout);

// The class names in the folder's meta file; numbers where there is none. Throws Error{kData} where the file is damaged
// or has another number of names.
std::vector<std::string> read_cifar_pickle_names(const std::filesystem::path& folder, const CifarLayout& layout);

}  // namespace dha::datasets
