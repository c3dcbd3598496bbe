// An open data set: checks its results, and keeps one copy of its in-memory splits per device.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dha/dataset.hpp"

namespace dha {

// An image by its split and its position there.
using ImageId = std::pair<Split, int64_t>;

class OpenDataset {
 public:
  // Share of an accelerator's total memory for stored images.
  static constexpr double kResidentShare = 0.4;

  // Opens `dataset` and checks its description. Throws its exceptions, and Error{kContractViolation} or Error{kData} if
  // labels are outside [0, classes) or a class has no training image.
  OpenDataset(std::string id, std::shared_ptr<Dataset> dataset);

  // Images without classes (listed_images.hpp): labels are any numbers, and there need not be training images.
  struct WithoutClasses {};
  OpenDataset(std::string id, std::shared_ptr<Dataset> dataset, WithoutClasses);

  const std::string& id() const { return id_; }
  const Dataset& dataset() const { return *dataset_; }
  const DatasetInfo& info() const { return info_; }  // mean and standard deviation may be empty until they are set

  void set_statistics(std::vector<double> mean, std::vector<double> standard_deviation);

  // int64, CPU, contiguous.
  const at::Tensor& labels(Split split) const { return labels_.at(split); }
  int64_t size(Split split) const { return labels_.at(split).size(0); }
  bool in_memory() const { return in_memory_; }

  // A whole in-memory split: on `device` if all splits there, including this one, take at most kResidentShare of its
  // memory, else on the CPU. [training thread]
  const ImageTensors& tensors_on(Split split, at::Device device) const;

  // Images that read() left out, each once, in order, including those before a resume. [any thread]
  void note_unreadable(const std::vector<ImageId>& images) const;
  std::vector<ImageId> unreadable() const;

  // Images that open() left out, which are in no split and so have no id.
  int64_t unreadable_at_open() const { return unreadable_at_open_; }

 private:
  bool fits(int64_t bytes, at::Device device) const;

  std::string id_;
  std::shared_ptr<Dataset> dataset_;
  DatasetInfo info_;
  bool in_memory_ = false;
  int64_t unreadable_at_open_ = 0;
  std::map<Split, at::Tensor> labels_;
  mutable std::map<std::pair<Split, std::string>, ImageTensors> tensors_;  // by split and device
  mutable std::mutex unreadable_mutex_;
  mutable std::set<ImageId> unreadable_;
};

}  // namespace dha
