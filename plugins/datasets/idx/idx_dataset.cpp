#include "idx/idx_dataset.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <utility>

#include "dha/error.hpp"
#include "idx/emnist_mapping.hpp"
#include "idx/idx_file.hpp"
#include "idx/idx_name.hpp"

namespace dha::datasets {

namespace {

constexpr int64_t kMostSide = 4096;  // px

LabelSettings read_settings(const Params& params) {
  LabelSettings settings;
  if (params.has("label_base")) settings.base = params.integer("label_base");
  if (params.has("classes")) settings.classes = params.integer("classes");
  if (!params.has("class_names")) return settings;
  settings.has_names = true;
  const auto names = static_cast<int64_t>(params.strings("class_names").size());
  settings.from_names = settings.classes == 0;
  if (settings.from_names) settings.classes = names;
  if (names != settings.classes)
    throw Error(ErrorCode::kInvalidParameter, "parameter 'class_names' has " + std::to_string(names) +
                                                  " names, expected one for each of " +
                                                  std::to_string(settings.classes) + " classes");
  return settings;
}

// Turns `count` images of `rows` x `columns` px into images of `columns` x `rows` px, in their place.
void transpose_images(uint8_t* images, int64_t count, int64_t rows, int64_t columns) {
  std::vector<uint8_t> turned(static_cast<size_t>(rows * columns));
  for (int64_t i = 0; i < count; ++i, images += rows * columns) {
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t column = 0; column < columns; ++column)
        turned[static_cast<size_t>(column * rows + row)] = images[row * columns + column];
    std::copy(turned.begin(), turned.end(), images);
  }
}

std::string size_text(int64_t height, int64_t width) { return std::to_string(height) + " x " + std::to_string(width); }

}  // namespace

Schema IdxDataset::schema() {
  Schema schema("Reads IDX files, plain or gzip: MNIST, Fashion-MNIST, KMNIST, QMNIST, EMNIST and similar sets.");
  schema.path(
      "path",
      "folder of train-images-idx3-ubyte[.gz], train-labels-idx1-ubyte[.gz] and the same of t10k or test (and of "
      "val), or a folder up to three levels above it, such as that of torchvision's MNIST/raw");
  schema
      .string(
          "prefix",
          "prefix of the file names, such as emnist-letters, if there are several sets; \"\": files without a prefix")
      .optional();
  schema.integer("classes", "number of classes, checked if given; default: found in the training labels")
      .range(1, 256)
      .optional();
  schema.integer("label_base", "the smallest label: 1 for EMNIST's letters; default: 0").range(0, 1).optional();
  schema
      .strings("class_names",
               "one name per class, in label order; default: those of EMNIST's <prefix>-mapping.txt next to the "
               "images, else numbers",
               1, 256)
      .optional();
  schema.boolean("transpose", "exchange rows and columns of the images: EMNIST stores them transposed; default: false")
      .optional();
  schema.integer("height_px", "height of the images, after 'transpose'").range(1, kMostSide).unit("px").def(28);
  schema.integer("width_px", "width of the images, after 'transpose'").range(1, kMostSide).unit("px").def(28);
  declare_statistics(schema);
  return schema;
}

IdxDataset::IdxDataset(const Params& params, Context& context)
    : InMemoryDataset(1, params.integer("height_px"), params.integer("width_px")),
      context_(context),
      image_files_(context, 1, kUsualReading),
      path_(params.string("path")),
      settings_(read_settings(params)),
      height_(params.integer("height_px")),
      width_(params.integer("width_px")),
      range_{settings_.base.value_or(0), settings_.classes},
      statistics_(read_statistics(params, 1)) {
  if (params.has("prefix")) prefix_ = params.string("prefix");
  if (params.has("transpose")) transpose_ = params.boolean("transpose");
  if (params.has("class_names")) class_names_ = params.strings("class_names");
}

DatasetInfo IdxDataset::info() const {
  return {class_names_, range_.classes, 1, height_, width_, statistics_.mean, statistics_.standard_deviation};
}

void IdxDataset::open() {
  const IdxFiles files = find_idx_files(path_, prefix_);
  report(files);
  IdxLabels training = read_idx_labels(files.train);
  range_ = find_label_range(training, settings_);
  if (class_names_.empty()) class_names_ = name_classes(files);
  fill_split(Split::kTrain, files.train, std::move(training));
  for (const auto& [split, pair] : {std::pair{Split::kValidation, &files.validation}, {Split::kTest, &files.test}}) {
    if (!*pair) continue;
    IdxLabels labels = read_idx_labels(**pair);
    check_labels(labels, range_, files.train.labels);
    fill_split(split, **pair, std::move(labels));
  }
}

void IdxDataset::report(const IdxFiles& files) {
  if (files.folder != path_ || (!prefix_ && !files.prefix.empty()))
    context_.log(LogLevel::kInfo, "reads " + files.train.images.string() + " and the files that belong to it");
  if (!files.test)
    context_.log(LogLevel::kInfo, "there is no test split: " + files.folder.string() + " lacks " +
                                      usual_idx_name(files.prefix, "t10k", IdxContent::kImages) + "[.gz]");
  if (lower_case(files.prefix).starts_with("emnist") && !transpose_)
    context_.log(LogLevel::kInfo,
                 "EMNIST's images are stored transposed; set 'transpose' to true to turn them upright, or to false to "
                 "read them as stored");
}

void IdxDataset::fill_split(Split split, const IdxPair& files, IdxLabels labels) {
  at::Tensor images = read_images(files, labels.values.size(0));
  auto* label = labels.values.data_ptr<int64_t>();
  for (int64_t i = 0; i < labels.values.size(0); ++i) label[i] -= range_.base;
  fill(split, {std::move(images), std::move(labels.values)});
}

at::Tensor IdxDataset::read_images(const IdxPair& files, int64_t count) const {
  const std::string path = files.images.string();
  const bool transpose = transpose_.value_or(false);
  IdxFile file(files.images, 3);
  const int64_t found = file.lengths()[0], rows = file.lengths()[1], columns = file.lengths()[2];
  const int64_t height = transpose ? columns : rows, width = transpose ? rows : columns;
  if (height != height_ || width != width_) {
    const bool possible = std::min(height, width) >= 1 && std::max(height, width) <= kMostSide;
    throw Error(
        ErrorCode::kData,
        path + " has images of " + size_text(height, width) + " px (height x width" +
            (transpose ? ", transposed" : "") + "), expected " + size_text(height_, width_) + "; " +
            (possible ? "set 'height_px' to " + std::to_string(height) + " and 'width_px' to " + std::to_string(width)
                      : "fetch it again"));
  }
  if (found != count)
    throw Error(ErrorCode::kData, path + " has " + std::to_string(found) + " images, but " + files.labels.string() +
                                      " has " + std::to_string(count) + " labels; both must come from one set");
  file.check_size();
  at::Tensor images = at::empty({count, 1, height_, width_}, at::kByte);
  file.read(images.data_ptr<uint8_t>());
  if (transpose) transpose_images(images.data_ptr<uint8_t>(), count, rows, columns);
  return images;
}

std::vector<std::string> IdxDataset::name_classes(const IdxFiles& files) const {
  const std::filesystem::path mapping = find_emnist_mapping(files.folder, files.prefix);
  if (!mapping.empty()) return read_emnist_mapping(mapping, range_);
  std::vector<std::string> names;
  for (int64_t i = 0; i < range_.classes; ++i) names.push_back(std::to_string(range_.base + i));
  return names;
}

}  // namespace dha::datasets
