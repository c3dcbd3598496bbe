// The classes of ImageNet's validation images, which are delivered apart from the images.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace dha::datasets {

// By the number in the image's name, from 1 on: its wnid.
using ValidationLabels = std::unordered_map<int64_t, std::string>;

// Where such files are, below the folder with the images or one above it; the first that is there counts.
inline constexpr const char* kLabelPlaces[] = {"ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt",
                                               "devkit/data/ILSVRC2012_validation_ground_truth.txt",
                                               "data/ILSVRC2012_validation_ground_truth.txt",
                                               "ILSVRC2012_validation_ground_truth.txt", "LOC_val_solution.csv"};
inline constexpr const char* kKitArchive = "ILSVRC2012_devkit_t12.tar.gz";

// Whether a name is that of a class: "n" and eight digits, the number of a noun in WordNet.
bool is_wnid(std::string_view name);

// 17 of "ILSVRC2012_val_00000017"; nothing of other names.
std::optional<int64_t> validation_number(std::string_view stem);

// Reads the development kit's ILSVRC2012_validation_ground_truth.txt, which has an ILSVRC2012 id a line and needs
// meta.mat next to it; Kaggle's LOC_val_solution.csv, "ImageId,PredictionString"; or a file with a wnid a line. The
// content decides. Throws Error{kData} that names file and line.
ValidationLabels read_validation_labels(const std::filesystem::path& file);

}  // namespace dha::datasets
