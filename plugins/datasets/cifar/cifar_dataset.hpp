// CIFAR-10 and CIFAR-100 as data sets in memory.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "cifar/cifar_files.hpp"
#include "cifar/cifar_folder.hpp"
#include "dha/context.hpp"
#include "dha/params.hpp"
#include "image_folder/image_file_reader.hpp"
#include "shared/channel_statistics.hpp"
#include "shared/in_memory_dataset.hpp"

namespace dha::datasets {

class CifarDataset : public InMemoryDataset {
 public:
  static Schema schema();
  CifarDataset(const Params& params, Context& context);

  DatasetInfo info() const override;
  void open() override;
  void* capability(std::string_view id) override { return image_files_.capability(id); }

 private:
  void open_split(Split split, const CifarFolder& folder, std::vector<std::string> files, int64_t published);

  Context& context_;
  ImageFileReader image_files_;
  std::filesystem::path path_;
  CifarLayout layout_;
  ChannelStatistics statistics_;
  std::vector<std::string> class_names_;  // empty until open()
};

}  // namespace dha::datasets
