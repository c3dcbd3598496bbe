#include "data/class_images.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dha/error.hpp"

namespace dha {

namespace {

constexpr size_t kMostNamed = 5;  // a sentence stays readable where a limit leaves hundreds of classes without an image

std::vector<int64_t> count_images(const std::vector<int64_t>& labels, int64_t classes) {
  std::vector<int64_t> counts(classes);
  for (const int64_t label : labels) ++counts[label];
  return counts;
}

std::vector<int64_t> labels_with(const std::vector<int64_t>& counts, int64_t images) {
  std::vector<int64_t> labels;
  for (size_t label = 0; label < counts.size(); ++label)
    if (counts[label] == images) labels.push_back(static_cast<int64_t>(label));
  return labels;
}

std::string name_of(const DatasetInfo& info, int64_t label) {
  const std::string number = std::to_string(label);
  const auto index = static_cast<size_t>(label);
  if (index >= info.class_names.size() || info.class_names[index] == number) return number;
  return fmt::format("{} ('{}')", number, info.class_names[index]);
}

// "class 3 ('cat') has", "classes 3 ('cat'), 4 ('deer') and 2 more have".
std::string subject(const DatasetInfo& info, const std::vector<int64_t>& labels) {
  std::string text = labels.size() == 1 ? "class " : "classes ";
  const size_t named = std::min(labels.size(), kMostNamed);
  for (size_t i = 0; i < named; ++i) text += (i > 0 ? ", " : "") + name_of(info, labels[i]);
  if (labels.size() > named) text += fmt::format(" and {} more", labels.size() - named);
  return text + (labels.size() == 1 ? " has" : " have");
}

}  // namespace

void check_every_class_has_images(const OpenDataset& dataset) {
  const int64_t size = dataset.size(Split::kTrain);
  const int64_t* label = dataset.labels(Split::kTrain).const_data_ptr<int64_t>();
  const std::vector<int64_t> empty = labels_with(count_images({label, label + size}, dataset.info().classes), 0);
  if (empty.empty()) return;
  throw Error(ErrorCode::kData,
              fmt::format("{}: {} no image among the {} training images, expected at least one of each of the {} "
                          "classes; add images, or leave out such a class: lower 'classes' if it is the last one, "
                          "otherwise renumber the labels",
                          dataset.id(), subject(dataset.info(), empty), size, dataset.info().classes));
}

std::string describe_rare_classes(const ImageSet& train) {
  const DatasetInfo& info = train.source().info();
  const std::vector<int64_t> counts = count_images(train.labels(), info.classes);
  const std::vector<int64_t> empty = labels_with(counts, 0), single = labels_with(counts, 1);
  if (empty.empty() && single.empty()) return "";
  std::string found;
  if (!empty.empty()) found = subject(info, empty) + " no image";
  if (!single.empty()) found += (found.empty() ? "" : ", and ") + subject(info, single) + " a single image";
  return fmt::format(
      "{} among the {} training images in use; {}", found, train.size(),
      train.size() < train.source().size(train.split()) ? "raise 'limit_train' or add images" : "add images");
}

}  // namespace dha
