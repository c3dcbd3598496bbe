#include "data/data_identity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "plugin/guarded_call.hpp"
#include "storage/sha256.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::array kSplits = {Split::kTrain, Split::kValidation, Split::kTest};
constexpr std::array kSplitNames = {"train", "validation", "test"};

std::string digest_of(const at::Tensor& tensor) {
  Sha256 sum;
  sum.update(tensor.const_data_ptr(), tensor.nbytes());
  return sum.finish();
}

std::string digest_of_names(const OpenDataset& dataset, Split split) {
  Sha256 sum;
  for (int64_t i = 0; i < dataset.size(split); ++i) {
    const std::string name =
        guarded_call(dataset.id(), "image_name", [&] { return dataset.dataset().image_name(split, i); });
    sum.update(fmt::format("{}:", name.size()));  // lengths keep neighbouring names apart
    sum.update(name);
  }
  return sum.finish();
}

SplitIdentity identity_of(const OpenDataset& dataset, Split split) {
  const bool has_pixels = dataset.in_memory() && dataset.size(split) > 0;
  return {dataset.size(split), digest_of(dataset.labels(split)),
          has_pixels ? digest_of(dataset.tensors_on(split, at::kCPU).images) : digest_of_names(dataset, split)};
}

DataDifference of_classes(const std::string& text) { return {text, true, false}; }

std::optional<DataDifference> class_difference(const std::vector<std::string>& then,
                                               const std::vector<std::string>& now) {
  if (then.size() != now.size())
    return of_classes(fmt::format("it has {} class names, had {}", now.size(), then.size()));
  const auto [was, is] = std::mismatch(then.begin(), then.end(), now.begin());
  if (was == then.end()) return std::nullopt;
  return of_classes(fmt::format("class {} is '{}', was '{}'", was - then.begin(), *is, *was));
}

}  // namespace

DataIdentity identity_of(const OpenDataset& dataset) {
  DataIdentity identity{dataset.info().class_names, {}};
  for (const Split split : kSplits) identity.splits[static_cast<size_t>(split)] = identity_of(dataset, split);
  return identity;
}

std::optional<DataDifference> difference(const DataIdentity& then, const DataIdentity& now) {
  if (auto found = class_difference(then.class_names, now.class_names)) return found;
  std::optional<DataDifference> of_content;
  for (size_t i = 0; i < kSplits.size(); ++i) {
    const SplitIdentity &was = then.splits[i], &is = now.splits[i];
    if (was.images != is.images)
      return DataDifference{fmt::format("it has {} {} images, had {}", is.images, kSplitNames[i], was.images), false,
                            false};
    if (was.labels != is.labels)
      return DataDifference{fmt::format("the labels of {} images have changed", kSplitNames[i]), false, false};
    if (was.content != is.content && !of_content)
      of_content = {fmt::format("the names or contents of {} images have changed", kSplitNames[i]), false, true};
  }
  return of_content;
}

std::string digest_of_sizes(const OpenDataset& dataset, const FileSizes& sizes) {
  Sha256 sum;
  for (const Split split : kSplits)
    for (int64_t i = 0; i < dataset.size(split); ++i)
      sum.update(
          fmt::format("{},", guarded_call(dataset.id(), "file_size", [&] { return sizes.file_size(split, i); })));
  return sum.finish();
}

Json to_json(const DataIdentity& identity) {
  Json json{{"class_names", identity.class_names}};
  for (size_t i = 0; i < kSplits.size(); ++i)
    json[kSplitNames[i]] = {{"images", identity.splits[i].images},
                            {"labels_sha256", identity.splits[i].labels},
                            {"content_sha256", identity.splits[i].content}};
  return json;
}

DataIdentity data_identity_from_json(const Json& json) {
  DataIdentity identity{json.at("class_names"), {}};
  for (size_t i = 0; i < kSplits.size(); ++i) {
    const Json& split = json.at(kSplitNames[i]);
    identity.splits[i] = {split.at("images"), split.at("labels_sha256"), split.at("content_sha256")};
  }
  return identity;
}

}  // namespace dha
