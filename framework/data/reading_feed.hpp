// The feed of a data set that is read image by image: threads decode whole batches before the step.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "data/batch_feed.hpp"
#include "data/crop_geometry.hpp"
#include "data/upload.hpp"

namespace dha {

class ReadingFeed : public BatchFeed {
 public:
  ReadingFeed(const ImageSet& set, const FeedOptions& options, int64_t steps);
  ~ReadingFeed() override;
  void begin(int64_t epoch, int64_t first_step) override;
  std::optional<Batch> next() override;

 private:
  // A batch being decoded. Free threads take its slots one by one.
  struct Pending {
    at::Tensor images;             // uint8 (slots, channels, height, width), ready to be uploaded
    std::vector<int64_t> samples;  // positions in the set
    std::vector<char> readable;    // 1 where the slot holds an image
    int64_t next_slot = 0, done = 0;
    std::exception_ptr failure;  // of the lowest slot that failed
    int64_t failed_slot = -1;
  };

  std::shared_ptr<Pending> make_pending(int64_t step);
  at::Tensor batch_memory(int64_t count);
  void decode_slot(Pending& batch, int64_t slot, int64_t epoch) const;
  void decode_and_note(std::unique_lock<std::mutex>& lock, const std::shared_ptr<Pending>& batch);
  void work();
  Batch assemble(Pending& batch) const;
  void stop_threads();

  const OpenDataset& source_;
  Split split_;
  std::vector<int64_t> indices_;
  at::Tensor all_labels_;
  FeedOptions options_;
  Upload upload_;
  std::optional<CropGeometry> geometry_;
  int64_t epoch_ = 0, next_made_ = 0, next_taken_ = 0;
  std::vector<int64_t> order_;
  std::vector<at::Tensor> memory_;  // of whole batches on the host, including those in use

  std::mutex mutex_;
  std::condition_variable work_available_, batch_done_;
  std::deque<std::shared_ptr<Pending>> pending_;  // in order of steps
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace dha
