#include "data/reading_feed.hpp"

#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <system_error>

#include "data/sample_order.hpp"
#include "dha/error.hpp"
#include "plugin/guarded_call.hpp"
#include "process/signals.hpp"

namespace dha {

namespace {

constexpr int64_t kBatchesAhead = 3;
// Between looks at whether the user asks to stop: a file system that hangs must not keep a run from its checkpoint.
constexpr auto kPatience = std::chrono::milliseconds(500);
constexpr size_t kMostBatchesKept = kBatchesAhead + 2;  // with one that is trained on and one that was

}  // namespace

ReadingFeed::ReadingFeed(const ImageSet& set, const FeedOptions& options, int64_t steps)
    : BatchFeed(steps),
      source_(set.source()),
      split_(set.split()),
      indices_(set.indices()),
      options_(options),
      upload_(options.device) {
  all_labels_ = source_.labels(split_);
  const CropPolicy policy = guarded_call(source_.id(), "crop_policy", [&] { return source_.dataset().crop_policy(); });
  geometry_.emplace(policy, source_.info().height, source_.info().width);
  try {
    for (int64_t i = 0; i < options.threads; ++i) threads_.emplace_back([this] { work(); });
  } catch (const std::system_error& error) {
    stop_threads();
    throw Error(ErrorCode::kIo, fmt::format("cannot start {} loading threads: {}; reduce loader_threads",
                                            options.threads, error.what()));
  }
}

ReadingFeed::~ReadingFeed() { stop_threads(); }

void ReadingFeed::stop_threads() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_available_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ReadingFeed::begin(int64_t epoch, int64_t first_step) {
  std::unique_lock lock(mutex_);
  // Slots that are being decoded belong to batches that nobody will take; they keep their batch alive until they are
  // done.
  pending_.clear();
  epoch_ = epoch;
  next_made_ = next_taken_ = first_step;
  const auto size = static_cast<int64_t>(indices_.size());
  if (options_.shuffle) {
    order_ = epoch_permutation(size, options_.seed, epoch);
  } else {
    order_.resize(size);
    std::iota(order_.begin(), order_.end(), int64_t{0});
  }
  while (next_made_ < std::min(steps(), first_step + kBatchesAhead)) pending_.push_back(make_pending(next_made_++));
  lock.unlock();
  work_available_.notify_all();
}

// Room for `count` images: that of an earlier batch which nobody holds any more, since new memory comes from the system
// a page at a time, at a tenth of the time that decoding takes. What is uploaded has an allocator that does the same.
at::Tensor ReadingFeed::batch_memory(int64_t count) {
  const auto room = [&](int64_t images) {
    return upload_.host_memory({images, source_.info().channels, source_.info().height, source_.info().width},
                               at::kByte);
  };
  if (!options_.device.is_cpu()) return room(count);
  for (const at::Tensor& memory : memory_)
    if (memory.storage().use_count() == 1) return memory.narrow(0, 0, count);
  const at::Tensor memory = room(options_.batch_size);
  if (memory_.size() < kMostBatchesKept) memory_.push_back(memory);
  return memory.narrow(0, 0, count);
}

std::shared_ptr<ReadingFeed::Pending> ReadingFeed::make_pending(int64_t step) {
  auto batch = std::make_shared<Pending>();
  const int64_t first = step * options_.batch_size;
  const int64_t count = std::min(options_.batch_size, static_cast<int64_t>(order_.size()) - first);
  batch->samples.assign(order_.begin() + first, order_.begin() + first + count);
  batch->readable.assign(count, 0);
  batch->images = batch_memory(count);
  return batch;
}

void ReadingFeed::decode_slot(Pending& batch, int64_t slot, int64_t epoch) const {
  const int64_t position = batch.samples[slot];
  const int64_t index = indices_[position];
  const DatasetInfo& info = source_.info();
  const ImageSize size =
      guarded_call(source_.id(), "image_size", [&] { return source_.dataset().image_size(split_, index); });
  const ImageRequest request = options_.random_geometry ? geometry_->training(size, options_.seed, epoch, position)
                                                        : geometry_->evaluation(size);
  uint8_t* pixels = batch.images.mutable_data_ptr<uint8_t>() + slot * info.channels * info.height * info.width;
  const bool readable =
      guarded_call(source_.id(), "read", [&] { return source_.dataset().read(split_, index, request, pixels); });
  if (!readable) source_.note_unreadable({{split_, index}});
  batch.readable[slot] = readable ? 1 : 0;
}

// Takes the next slot of `batch`, decodes it without the lock, and notes the result under it.
void ReadingFeed::decode_and_note(std::unique_lock<std::mutex>& lock, const std::shared_ptr<Pending>& batch) {
  const int64_t slot = batch->next_slot++;
  const int64_t epoch = epoch_;
  lock.unlock();
  std::exception_ptr failure;
  try {
    decode_slot(*batch, slot, epoch);
  } catch (...) {
    failure = std::current_exception();
  }
  lock.lock();
  if (failure && (batch->failed_slot < 0 || slot < batch->failed_slot)) {
    batch->failure = failure;
    batch->failed_slot = slot;
  }
  if (++batch->done == static_cast<int64_t>(batch->samples.size())) batch_done_.notify_all();
}

void ReadingFeed::work() {
  std::unique_lock lock(mutex_);
  const auto open_batch = [this]() -> std::shared_ptr<Pending> {
    for (const auto& batch : pending_)
      if (batch->next_slot < static_cast<int64_t>(batch->samples.size())) return batch;
    return nullptr;
  };
  while (!stopping_) {
    if (const std::shared_ptr<Pending> batch = open_batch())
      decode_and_note(lock, batch);
    else
      work_available_.wait(lock);
  }
}

std::optional<Batch> ReadingFeed::next() {
  std::unique_lock lock(mutex_);
  if (next_taken_ >= steps()) return std::nullopt;
  const std::shared_ptr<Pending> batch = pending_.front();
  const auto slots = static_cast<int64_t>(batch->samples.size());
  if (threads_.empty())
    while (batch->next_slot < slots) decode_and_note(lock, batch);
  while (!batch_done_.wait_for(lock, kPatience, [&] { return batch->done == slots; }))
    if (stop_requested()) throw Error(ErrorCode::kCancelled, "interrupted while images were read");
  pending_.pop_front();
  ++next_taken_;
  if (next_made_ < steps()) pending_.push_back(make_pending(next_made_++));
  lock.unlock();
  work_available_.notify_all();
  if (batch->failure) std::rethrow_exception(batch->failure);
  return assemble(*batch);
}

Batch ReadingFeed::assemble(Pending& batch) const {
  std::vector<int64_t> kept;
  for (size_t slot = 0; slot < batch.samples.size(); ++slot)
    if (batch.readable[slot] != 0) kept.push_back(static_cast<int64_t>(slot));
  const auto count = static_cast<int64_t>(kept.size());
  const at::Tensor labels = upload_.host_memory({count}, at::kLong);
  const int64_t* all_labels = all_labels_.const_data_ptr<int64_t>();
  auto* label = labels.mutable_data_ptr<int64_t>();
  for (const int64_t slot : kept) *label++ = all_labels[indices_[batch.samples[static_cast<size_t>(slot)]]];
  at::Tensor images = batch.images;
  if (kept.size() != batch.samples.size()) {
    images = upload_.host_memory({count, images.size(1), images.size(2), images.size(3)}, at::kByte);
    at::index_select_out(images, batch.images, 0, at::tensor(kept, at::kLong));
  }
  return {upload_(images), upload_(labels)};
}

}  // namespace dha
