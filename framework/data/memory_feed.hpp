// The feed of a data set in memory: the whole split is on the device and batches are gathered there, or, if it is too
// large, on the host and uploaded.
#pragma once

#include <vector>

#include "data/batch_feed.hpp"
#include "data/upload.hpp"

namespace dha {

class MemoryFeed : public BatchFeed {
 public:
  MemoryFeed(const ImageSet& set, const FeedOptions& options, int64_t steps);
  void begin(int64_t epoch, int64_t first_step) override;
  std::optional<Batch> next() override;

 private:
  at::Tensor gathered(const at::Tensor& whole, const at::Tensor& chosen) const;

  std::vector<int64_t> indices_;
  FeedOptions options_;
  Upload upload_;
  ImageTensors whole_;  // the split, on the device or on the host
  bool is_resident_;    // on the device
  at::Tensor order_;    // int64: the epoch's indices, on the device of the split
  int64_t step_ = 0;
};

}  // namespace dha
