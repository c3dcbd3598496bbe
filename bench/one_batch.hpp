// A feed that delivers the same images again and again.
#pragma once

#include <optional>
#include <utility>

#include "data/batch_feed.hpp"

namespace dha::bench {

class OneBatch : public BatchFeed {
 public:
  explicit OneBatch(Batch batch) : BatchFeed(1), batch_(std::move(batch)) {}
  void begin(int64_t, int64_t) override { given_ = false; }
  std::optional<Batch> next() override {
    if (std::exchange(given_, true)) return std::nullopt;
    return batch_;
  }

 private:
  Batch batch_;
  bool given_ = false;
};

}  // namespace dha::bench
