// What data sets of JPEG, PNG and WebP files have in common: checking the files, and decoding one crop at a time.
#pragma once

#include <array>
#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dha/context.hpp"
#include "dha/dataset.hpp"
#include "dha/file_sizes.hpp"
#include "dha/params.hpp"
#include "image_folder/image_file_reader.hpp"
#include "image_folder/image_index.hpp"
#include "image_folder/image_reading.hpp"
#include "image_folder/opening_reports.hpp"
#include "image_folder/readable_images.hpp"
#include "shared/channel_statistics.hpp"

namespace dha::datasets {

// A format derives from this and finds the images.
class ImageFilesDataset : public Dataset, private FileSizes {
 public:
  DatasetInfo info() const override;
  void open() override;
  int64_t size(Split split) const override;
  at::Tensor labels(Split split) const override;
  std::string image_name(Split split, int64_t index) const override;
  bool in_memory() const override { return false; }
  CropPolicy crop_policy() const override { return policy_; }

  // As open() found it. An image that proves unreadable later and is skipped has 1 x 1 px, and read() then returns
  // false for it.
  ImageSize image_size(Split split, int64_t index) const override;
  bool read(Split split, int64_t index, const ImageRequest& request, uint8_t* pixels) const override;
  int64_t unreadable_images() const override { return unreadable_images_; }

  // {"bits": n} where open() has found 16-bit training images and was not told their depth.
  std::string chosen_params() const override;

  void* capability(std::string_view id) override {
    if (id == OpeningProgress::kCapability) return static_cast<OpeningProgress*>(&reports_);
    return id == FileSizes::kCapability ? static_cast<FileSizes*>(this) : files_.capability(id);
  }

 protected:
  // Bits of the images' samples. k8: none has 16, and no file is opened to find out.
  enum class Depth { k8, k16 };

  // `statistics`: those where `mean` and `std` are not given.
  ImageFilesDataset(const Params& params, Context& context, Depth depth, ImageSource source,
                    ChannelStatistics statistics = {});

  // Adds the parameters that this class reads, but for the statistics.
  static void declare_reading(Schema& schema, Depth depth);

  // Finds the images, with paths below source().root, before fractions are set apart. Throws Error{kData} that names
  // the file or folder.
  virtual ImageIndex find(const std::function<void()>& check_cancelled) const = 0;
  const ImageSource& source() const { return source_; }

 private:
  void choose_bits();
  const ImageEntry& entry(Split split, int64_t index) const;
  int64_t file_size(Split split, int64_t index) const override { return entry(split, index).bytes; }
  std::filesystem::path path_of(const ImageEntry& entry) const { return source_.root / entry.path; }
  void skip_or_throw(Split split, int64_t index, const char* reason) const;

  Context& context_;
  ImageSource source_;
  int64_t channels_, size_px_;
  ChannelStatistics statistics_;
  CropPolicy policy_;
  bool skip_unreadable_;
  ImageReading reading_;
  ImageFileReader files_;
  OpeningReports reports_;
  bool chooses_bits_, has_chosen_bits_ = false;
  ImageIndex index_;
  int64_t unreadable_images_ = 0;
  // By Split, one entry per image: height times 2^32 plus width, 0 while unknown, kUnreadable.
  mutable std::array<std::vector<std::atomic<uint64_t>>, 3> sizes_;
  mutable std::mutex skipped_mutex_;
  mutable std::set<std::pair<Split, int64_t>> skipped_;
};

}  // namespace dha::datasets
