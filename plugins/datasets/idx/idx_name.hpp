// Names of IDX files, in the spellings that MNIST and its kin are delivered with.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "dha/dataset.hpp"

namespace dha::datasets {

enum class IdxContent { kImages, kLabels };

// A name is [<prefix>-]<part>-<content>-idx<dimensions>-<type>[.gz], in upper or lower case, with '-', '_' or '.'
// between: train-images-idx3-ubyte, t10k-labels.idx1-ubyte, emnist-letters-test-images-idx3-ubyte.gz,
// qmnist-train-labels-idx2-int.
struct IdxName {
  std::string prefix;  // as written; empty where there is none
  std::string part;    // lower case: "train", "t10k", "test", "val", "valid" or "validation"
  Split split;
  IdxContent content;
  int dimensions;  // 3 of images; 1 or, of QMNIST's labels, 2
  bool gzip;
  bool dotted;  // '.' stands before "idx"

  // Of two files with the same images or labels the one with the smaller rank is read.
  auto rank() const { return std::tuple(gzip, dimensions, dotted); }
};

// Nothing where the name is not that of an IDX file of images or labels.
std::optional<IdxName> parse_idx_name(std::string_view name);

// The usual name of such a file: "emnist-letters-train-labels-idx1-ubyte".
std::string usual_idx_name(const std::string& prefix, const std::string& part, IdxContent content);

std::string lower_case(std::string text);

}  // namespace dha::datasets
