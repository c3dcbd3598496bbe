// Labels in IDX files, and how their numbers become classes 0 to classes - 1.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <optional>

#include "idx/idx_files.hpp"

namespace dha::datasets {

// The labels of one file as they stand there, each in [0, 255].
struct IdxLabels {
  std::filesystem::path path;
  at::Tensor values;    // int64 (N), CPU
  int64_t header_size;  // bytes
  int64_t stride;       // bytes from one label to the next
};

// Labels run from `base` to `base` + `classes` - 1.
struct LabelRange {
  int64_t base = 0, classes = 0;
};

// What a user set about the labels.
struct LabelSettings {
  std::optional<int64_t> base;
  int64_t classes = 0;      // 0: as many as the training images have
  bool from_names = false;  // `classes` is the number of class names, and not set itself
  bool has_names = false;   // class names were given, one per class
};

// Throws Error{kData} that names the file, as all below.
IdxLabels read_idx_labels(const IdxPair& files);

// The range of a set with these training labels. Throws where a label lies outside what was set, or where labels start
// at 1 and 0 is the base; the message says which keys fit.
LabelRange find_label_range(const IdxLabels& training, const LabelSettings& settings);

// Throws where a label of validation or test images lies outside the range.
void check_labels(const IdxLabels& labels, const LabelRange& range, const std::filesystem::path& training);

}  // namespace dha::datasets
