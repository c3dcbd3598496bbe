// The images that one purpose uses: some of one split of a data set, in a fixed order, with their labels.
#pragma once

#include <cstdint>
#include <vector>

#include "data/open_dataset.hpp"

namespace dha {

class ImageSet {
 public:
  ImageSet() = default;
  // `source` outlives the set. `indices`: positions in `split`, any order, in [0, size).
  ImageSet(const OpenDataset& source, Split split, std::vector<int64_t> indices)
      : source_(&source), split_(split), indices_(std::move(indices)) {}

  int64_t size() const { return static_cast<int64_t>(indices_.size()); }
  bool empty() const { return indices_.empty(); }
  Split split() const { return split_; }
  const OpenDataset& source() const { return *source_; }
  const std::vector<int64_t>& indices() const { return indices_; }
  std::vector<int64_t> labels() const;  // in the set's order

  // The part at `positions` of this set.
  ImageSet subset(const std::vector<int64_t>& positions) const;

 private:
  const OpenDataset* source_ = nullptr;
  Split split_ = Split::kTrain;
  std::vector<int64_t> indices_;
};

}  // namespace dha
