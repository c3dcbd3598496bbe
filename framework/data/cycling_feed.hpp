// Delivers batches of a set endlessly, epoch after epoch, and reports its position.
#pragma once

#include <memory>

#include "data/batch_feed.hpp"
#include "dha/error.hpp"

namespace dha {

class CyclingFeed {
 public:
  explicit CyclingFeed(std::unique_ptr<BatchFeed> feed) : feed_(std::move(feed)) {}

  // The next batch that has an image.
  Batch next() {
    if (!started_) feed_->begin(epoch_, step_);
    started_ = true;
    for (int64_t passes = 0; passes < 2;) {
      if (std::optional<Batch> batch = feed_->next()) {
        ++step_;
        if (batch->labels.size(0) > 0) return *batch;
        continue;
      }
      ++epoch_;
      step_ = 0;
      ++passes;
      feed_->begin(epoch_, 0);
    }
    throw Error(ErrorCode::kData, "none of the images that this stage uses can be read");
  }

  int64_t epoch() const { return epoch_; }
  int64_t step() const { return step_; }
  void seek(int64_t epoch, int64_t step) {
    epoch_ = epoch;
    step_ = step;
    started_ = false;
  }

 private:
  std::unique_ptr<BatchFeed> feed_;
  int64_t epoch_ = 0, step_ = 0;
  bool started_ = false;
};

}  // namespace dha
