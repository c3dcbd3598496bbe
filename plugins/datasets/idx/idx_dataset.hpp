// Data set in the files of MNIST: train and t10k, images and labels, plain or gzip.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dha/context.hpp"
#include "dha/params.hpp"
#include "shared/channel_statistics.hpp"
#include "shared/in_memory_dataset.hpp"

namespace dha::datasets {

class IdxDataset : public InMemoryDataset {
 public:
  static Schema schema();
  IdxDataset(const Params& params, Context& context);

  DatasetInfo info() const override;
  void open() override;

 private:
  std::filesystem::path find(const std::string& part, const std::string& content, int dimensions) const;
  void open_split(Split split, const std::string& part);
  at::Tensor read_labels(const std::filesystem::path& path) const;
  at::Tensor read_images(const std::filesystem::path& path, int64_t count,
                         const std::filesystem::path& label_path) const;

  std::filesystem::path path_;
  int64_t classes_, height_, width_;
  std::vector<std::string> class_names_;
  ChannelStatistics statistics_;
};

}  // namespace dha::datasets
