// The table of classes in ImageNet's development kit: meta.mat.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace dha::datasets {

// By ILSVRC2012 id: the wnid, such as "n01440764". The ids are in no order of the wnids.
using SynsetNames = std::map<int64_t, std::string>;

// Reads the fields ILSVRC2012_ID and WNID of the struct array `synsets`. Memory is bounded, whatever the file says.
// Throws Error{kData}.
SynsetNames read_synsets(const std::filesystem::path& path);

}  // namespace dha::datasets
