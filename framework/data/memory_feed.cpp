#include "data/memory_feed.hpp"

#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

#include "data/sample_order.hpp"

namespace dha {

MemoryFeed::MemoryFeed(const ImageSet& set, const FeedOptions& options, int64_t steps)
    : BatchFeed(steps),
      indices_(set.indices()),
      options_(options),
      whole_(set.source().tensors_on(set.split(), options.device)) {}

void MemoryFeed::begin(int64_t epoch, int64_t first_step) {
  std::vector<int64_t> order = indices_;
  if (options_.shuffle) {
    const std::vector<int64_t> permutation =
        epoch_permutation(static_cast<int64_t>(indices_.size()), options_.seed, epoch);
    for (size_t i = 0; i < order.size(); ++i) order[i] = indices_[permutation[i]];
  }
  order_ = at::tensor(order, at::kLong).to(options_.device);
  step_ = first_step;
}

std::optional<Batch> MemoryFeed::next() {
  if (step_ >= steps()) return std::nullopt;
  const int64_t first = step_++ * options_.batch_size;
  const int64_t count = std::min(options_.batch_size, order_.size(0) - first);
  const at::Tensor chosen = order_.narrow(0, first, count);
  return Batch{at::index_select(whole_.images, 0, chosen), at::index_select(whole_.labels, 0, chosen)};
}

}  // namespace dha
