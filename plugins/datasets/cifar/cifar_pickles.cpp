#include "cifar/cifar_pickles.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

#include <cstring>

#include "cifar/pickle.hpp"
#include "dha/error.hpp"

namespace dha::datasets {

namespace fs = std::filesystem;

namespace {

using Kind = PickleValue::Kind;

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw Error(ErrorCode::kData, path.string() + " " + what + "; unpack the archive again");
}

const PickleValue& require(const Pickle& pickle, const fs::path& path, const std::string& key, Kind kind) {
  const PickleValue* value = pickle.find(key, kind);
  if (value == nullptr) fail(path, "has no " + std::string(kind == Kind::kArray ? "array" : "list") + " '" + key + "'");
  return *value;
}

at::Tensor read_images(const Pickle& pickle, const fs::path& path) {
  const PickleValue& data = require(pickle, path, "data", Kind::kArray);
  if (data.items.size() != 2 || pickle[data.items[1]].integer != kCifarPixelBytes || data.text.empty())
    fail(path, "has an array 'data' of another shape, expected rows of " + std::to_string(kCifarPixelBytes) + " bytes");
  at::Tensor images = at::empty({pickle[data.items[0]].integer, 3, kCifarSide, kCifarSide}, at::kByte);
  std::memcpy(images.data_ptr<uint8_t>(), data.text.data(), data.text.size());
  return images;
}

at::Tensor read_labels(const Pickle& pickle, const fs::path& path, const CifarLayout& layout, int64_t images) {
  const PickleValue& list = require(pickle, path, layout.labels_key, Kind::kList);
  if (static_cast<int64_t>(list.items.size()) != images)
    fail(path, "has " + std::to_string(list.items.size()) + " labels, expected " + std::to_string(images) +
                   ", one per image");
  at::Tensor labels = at::empty({images}, at::kLong);
  auto* out = labels.data_ptr<int64_t>();
  for (int64_t i = 0; i < images; ++i) {
    const PickleValue& label = pickle[list.items[static_cast<size_t>(i)]];
    if (label.kind != Kind::kInteger || label.integer < 0 || label.integer >= layout.classes)
      fail(path, "has " +
                     (label.kind == Kind::kInteger ? "label " + std::to_string(label.integer)
                                                   : std::string("a label that is no number")) +
                     " at image " + std::to_string(i) + ", expected [0, " + std::to_string(layout.classes - 1) + "]");
    out[i] = label.integer;
  }
  return labels;
}

}  // namespace

ImageTensors read_cifar_pickles(const fs::path& folder, const std::vector<std::string>& files,
                                const CifarLayout& layout) {
  std::vector<at::Tensor> images, labels;
  for (const std::string& file : files) {
    const fs::path path = folder / file;
    const Pickle pickle(path);
    images.push_back(read_images(pickle, path));
    labels.push_back(read_labels(pickle, path, layout, images.back().size(0)));
  }
  if (images.size() == 1) return {images.front(), labels.front()};
  return {at::cat(images), at::cat(labels)};
}

std::vector<std::string> read_cifar_pickle_names(const fs::path& folder, const CifarLayout& layout) {
  const fs::path path = folder / layout.python_names;
  std::error_code unknown;
  if (!fs::exists(path, unknown)) return numbered_names(layout.classes);
  const Pickle pickle(path);
  std::vector<std::string> names;
  for (const uint32_t item : require(pickle, path, layout.names_key, Kind::kList).items) {
    if (pickle[item].kind != Kind::kText) fail(path, "has a class name that is no text");
    names.emplace_back(pickle[item].text);
  }
  check_name_count(path, names, layout);
  return names;
}

}  // namespace dha::datasets
