// EMNIST's mapping files, such as emnist-letters-mapping.txt: which characters a label stands for.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "idx/idx_labels.hpp"

namespace dha::datasets {

// The file next to the images, in any case of letters; empty where there is none or `prefix` is empty.
std::filesystem::path find_emnist_mapping(const std::filesystem::path& folder, const std::string& prefix);

// A name per class, UTF-8. A line is a label and the code points of its characters: "1 65 97" names label 1 "Aa".
// Throws Error{kData} that names file and line where a line is none, or where there is not one line for each label.
std::vector<std::string> read_emnist_mapping(const std::filesystem::path& path, const LabelRange& range);

}  // namespace dha::datasets
