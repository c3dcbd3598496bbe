// Delivers an image set in batches on the training device: gathered there if the data set is in memory, otherwise
// decoded by threads before the step. The result does not depend on the number of threads.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>

#include "data/image_set.hpp"

namespace dha {

struct Batch {
  at::Tensor images;  // uint8 (N, channels, height, width), contiguous, on the device
  at::Tensor labels;  // int64 (N), on the device
};

struct FeedOptions {
  int64_t batch_size = 64;
  bool random_geometry = false;  // training crops and flips if images are read one by one; else the evaluation crop
  bool shuffle = false;          // a new order per epoch
  bool drop_incomplete = false;  // leave out the last batch if it is smaller, unless it is the only one
  uint64_t seed = 0;
  at::Device device = at::kCPU;
  int64_t threads = 0;  // that prefetch images; 0: images are read on request
};

// One pass over a set at a time. [one thread]
class BatchFeed {
 public:
  virtual ~BatchFeed() = default;

  int64_t steps() const { return steps_; }  // batches per epoch, >= 1

  // Starts epoch `epoch` at batch `first_step` and drops batches in progress.
  virtual void begin(int64_t epoch, int64_t first_step) = 0;

  // Empty at the end of the epoch. A batch is smaller if images were skipped, and may have no image at all.
  // Throws the data set's exceptions.
  virtual std::optional<Batch> next() = 0;

 protected:
  explicit BatchFeed(int64_t steps) : steps_(steps) {}

 private:
  int64_t steps_;
};

// `set` must not be empty.
std::unique_ptr<BatchFeed> make_feed(const ImageSet& set, const FeedOptions& options);

}  // namespace dha
