// Identifies the data set that a run began with: its classes, and digests of its labels and images.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/open_dataset.hpp"
#include "dha/file_sizes.hpp"

namespace dha {

struct SplitIdentity {
  int64_t images = 0;
  std::string labels, content;  // SHA-256; of the pixels where they are in memory, else of the images' names
};

struct DataIdentity {
  std::vector<std::string> class_names;  // in label order; empty if the data set names none
  std::array<SplitIdentity, 3> splits;   // by Split
};

DataIdentity identity_of(const OpenDataset& dataset);

// The first difference between two identities.
struct DataDifference {
  std::string text;         // "class 0 is 'bee', was 'ant'"
  bool is_of_classes;       // of their number, names or order: labels mean something else
  bool is_of_content_only;  // names or pixels alone: classes, labels and numbers of images are the same
};
std::optional<DataDifference> difference(const DataIdentity& then, const DataIdentity& now);

// SHA-256 of the sizes of all files, of a data set with this ability.
std::string digest_of_sizes(const OpenDataset& dataset, const FileSizes& sizes);

nlohmann::ordered_json to_json(const DataIdentity& identity);
// Throws nlohmann::json::exception where `json` is not what to_json() writes.
DataIdentity data_identity_from_json(const nlohmann::ordered_json& json);

}  // namespace dha
