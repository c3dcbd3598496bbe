// Data set in the files of MNIST and its kin: images and labels of each split, plain or gzip.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dha/context.hpp"
#include "dha/params.hpp"
#include "idx/idx_files.hpp"
#include "idx/idx_labels.hpp"
#include "image_folder/image_file_reader.hpp"
#include "shared/channel_statistics.hpp"
#include "shared/in_memory_dataset.hpp"

namespace dha::datasets {

class IdxDataset : public InMemoryDataset {
 public:
  static Schema schema();
  IdxDataset(const Params& params, Context& context);

  DatasetInfo info() const override;
  void open() override;
  void* capability(std::string_view id) override { return image_files_.capability(id); }

 private:
  void report(const IdxFiles& files);
  void fill_split(Split split, const IdxPair& files, IdxLabels labels);
  at::Tensor read_images(const IdxPair& files, int64_t count) const;
  std::vector<std::string> name_classes(const IdxFiles& files) const;

  Context& context_;
  ImageFileReader image_files_;
  std::filesystem::path path_;
  std::optional<std::string> prefix_;
  LabelSettings settings_;
  std::optional<bool> transpose_;
  int64_t height_, width_;
  LabelRange range_;                      // of labels; without classes while they are unknown
  std::vector<std::string> class_names_;  // empty until open() where not given
  ChannelStatistics statistics_;
};

}  // namespace dha::datasets
