#include "data/open_dataset.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "data/class_images.hpp"
#include "device/memory.hpp"
#include "dha/error.hpp"
#include "dha/opening_progress.hpp"
#include "plugin/guarded_call.hpp"
#include "process/long_work.hpp"

namespace dha {

namespace {

const char* name_of(Split split) {
  switch (split) {
    case Split::kTrain:
      return "train";
    case Split::kValidation:
      return "validation";
    default:
      return "test";
  }
}

// Names go into JSON files, which are UTF-8.
void check_class_name(const std::string& id, const std::string& name) {
  try {
    static_cast<void>(nlohmann::json(name).dump());
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorCode::kData, fmt::format("{}: the class name {:?} is not UTF-8; rename the class", id, name));
  }
}

void check_labels(const std::string& id, Split split, const at::Tensor& labels, int64_t classes) {
  const int64_t* label = labels.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < labels.size(0); ++i)
    if (label[i] < 0 || label[i] >= classes)
      throw Error(ErrorCode::kData,
                  fmt::format("{}: label {} of {} image {} is outside [0, {}]; check the number of classes", id,
                              label[i], name_of(split), i, classes - 1));
}

// A data set that reports how far it has got is listened to meanwhile.
class Listening {
 public:
  Listening(const std::string& id, Dataset& dataset, LongWork& work)
      : id_(id), progress_(guarded_call(id, "capability", [&] {
          return static_cast<OpeningProgress*>(dataset.capability(OpeningProgress::kCapability));
        })) {
    report_to([&work](std::string_view name, int64_t done, int64_t total) { work.set(name, done, total); });
  }
  ~Listening() {
    try {
      report_to(nullptr);
    } catch (const std::exception&) {
      // How opening ended is what counts.
    }
  }
  Listening(const Listening&) = delete;

 private:
  void report_to(const OpeningProgress::Listener& listener) {
    if (progress_ != nullptr) guarded_call(id_, "report_opening", [&] { progress_->report_opening(listener); });
  }

  const std::string& id_;
  OpeningProgress* progress_;  // owned by the data set
};

void open(const std::string& id, Dataset& dataset) {
  LongWork work("opening the data set");
  const Listening listening(id, dataset, work);
  guarded_call(id, "open", [&] { dataset.open(); });
}

void check_tensors(const std::string& id, const DatasetInfo& info, const ImageTensors& tensors, int64_t size) {
  const at::Tensor& images = tensors.images;
  if (images.scalar_type() != at::kByte || images.dim() != 4 || images.size(0) != size ||
      images.size(1) != info.channels || images.size(2) != info.height || images.size(3) != info.width)
    throw Error(ErrorCode::kContractViolation,
                fmt::format("{}: tensors() must return uint8 ({}, {}, {}, {}) as info() says", id, size, info.channels,
                            info.height, info.width));
}

}  // namespace

OpenDataset::OpenDataset(std::string id, std::shared_ptr<Dataset> dataset)
    : OpenDataset(std::move(id), std::move(dataset), WithoutClasses()) {
  if (info_.classes == 1)
    throw Error(ErrorCode::kData, id_ + ": found 1 class of images" +
                                      (info_.class_names.empty() ? "" : ", '" + info_.class_names.front() + "'") +
                                      "; expected at least 2: sort the images by class, or correct the path");
  if (info_.classes < 2 || (info_.channels != 1 && info_.channels != 3) || info_.height < 1 || info_.width < 1)
    throw Error(ErrorCode::kData,
                fmt::format("{}: found {} classes of images with {} channels and {}x{} px; expected at "
                            "least 2 classes and 1 or 3 channels",
                            id_, info_.classes, info_.channels, info_.height, info_.width));
  for (const std::string& name : info_.class_names) check_class_name(id_, name);
  for (const auto& [split, labels] : labels_) check_labels(id_, split, labels, info_.classes);
  if (size(Split::kTrain) == 0) throw Error(ErrorCode::kData, id_ + ": has no training image");
  check_every_class_has_images(*this);
}

OpenDataset::OpenDataset(std::string id, std::shared_ptr<Dataset> dataset, WithoutClasses)
    : id_(std::move(id)), dataset_(std::move(dataset)) {
  open(id_, *dataset_);
  info_ = guarded_call(id_, "info", [&] { return dataset_->info(); });
  in_memory_ = guarded_call(id_, "in_memory", [&] { return dataset_->in_memory(); });
  unreadable_at_open_ = guarded_call(id_, "unreadable_images", [&] { return dataset_->unreadable_images(); });
  for (const Split split : {Split::kTrain, Split::kValidation, Split::kTest}) {
    const int64_t size = guarded_call(id_, "size", [&] { return dataset_->size(split); });
    const at::Tensor labels = guarded_call(id_, "labels", [&] { return dataset_->labels(split); }).contiguous();
    if (labels.scalar_type() != at::kLong || labels.dim() != 1 || labels.size(0) != size)
      throw Error(ErrorCode::kContractViolation,
                  fmt::format("{}: labels({}) must return int64 ({})", id_, name_of(split), size));
    labels_[split] = labels;
  }
}

void OpenDataset::set_statistics(std::vector<double> mean, std::vector<double> standard_deviation) {
  info_.mean = std::move(mean);
  info_.standard_deviation = std::move(standard_deviation);
}

const ImageTensors& OpenDataset::tensors_on(Split split, at::Device device) const {
  const auto key = std::make_pair(split, device.str());
  const auto found = tensors_.find(key);
  if (found != tensors_.end()) return found->second;
  const ImageTensors tensors = guarded_call(id_, "tensors", [&] { return dataset_->tensors(split); });
  check_tensors(id_, info_, tensors, size(split));
  const at::Tensor images = tensors.images.contiguous();
  const at::Device target = fits(static_cast<int64_t>(images.nbytes()), device) ? device : at::Device(at::kCPU);
  return tensors_[key] = {images.to(target), labels(split).to(target)};
}

void OpenDataset::note_unreadable(const std::vector<ImageId>& images) const {
  const std::lock_guard lock(unreadable_mutex_);
  unreadable_.insert(images.begin(), images.end());
}

std::vector<ImageId> OpenDataset::unreadable() const {
  const std::lock_guard lock(unreadable_mutex_);
  return {unreadable_.begin(), unreadable_.end()};
}

bool OpenDataset::fits(int64_t bytes, at::Device device) const {
  const std::optional<DeviceMemory> memory = device_memory(device);
  if (!memory) return true;
  for (const auto& [key, tensors] : tensors_)
    if (tensors.images.device() == device) bytes += static_cast<int64_t>(tensors.images.nbytes());
  return static_cast<double>(bytes) <= kResidentShare * static_cast<double>(memory->total);
}

}  // namespace dha
