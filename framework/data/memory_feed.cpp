#include "data/memory_feed.hpp"

#include <ATen/ops/index_select.h>

#include <algorithm>

#include "data/sample_order.hpp"

namespace dha {

MemoryFeed::MemoryFeed(const ImageSet& set, const FeedOptions& options, int64_t steps)
    : BatchFeed(steps),
      indices_(set.indices()),
      options_(options),
      upload_(options.device),
      whole_(set.source().tensors_on(set.split(), options.device)),
      is_resident_(whole_.images.device() == options.device) {}

void MemoryFeed::begin(int64_t epoch, int64_t first_step) {
  const auto size = static_cast<int64_t>(indices_.size());
  order_ = upload_.host_memory({size}, at::kLong);
  auto* order = order_.mutable_data_ptr<int64_t>();
  if (options_.shuffle) {
    const std::vector<int64_t> permutation = epoch_permutation(size, options_.seed, epoch);
    for (size_t i = 0; i < indices_.size(); ++i) order[i] = indices_[permutation[i]];
  } else {
    std::copy(indices_.begin(), indices_.end(), order);
  }
  if (is_resident_) order_ = upload_(order_);
  step_ = first_step;
}

std::optional<Batch> MemoryFeed::next() {
  if (step_ >= steps()) return std::nullopt;
  const int64_t first = step_++ * options_.batch_size;
  const int64_t count = std::min(options_.batch_size, order_.size(0) - first);
  const at::Tensor chosen = order_.narrow(0, first, count);
  return Batch{gathered(whole_.images, chosen), gathered(whole_.labels, chosen)};
}

at::Tensor MemoryFeed::gathered(const at::Tensor& whole, const at::Tensor& chosen) const {
  if (is_resident_) return at::index_select(whole, 0, chosen);
  std::vector<int64_t> sizes = whole.sizes().vec();
  sizes[0] = chosen.size(0);
  at::Tensor batch = upload_.host_memory(sizes, whole.scalar_type());
  at::index_select_out(batch, whole, 0, chosen);
  return upload_(batch);
}

}  // namespace dha
