#include "idx/idx_dataset.hpp"

#include <ATen/ops/empty.h>

#include "dha/error.hpp"
#include "idx/idx_file.hpp"

namespace dha::datasets {

Schema IdxDataset::schema() {
  Schema schema("Reads MNIST-format IDX files, plain or gzip: MNIST, Fashion-MNIST and their kin.");
  schema.path("path", "folder that holds train-images-idx3-ubyte[.gz] and the other three files");
  schema.integer("classes", "number of classes; labels lie in [0, classes)").range(1, 256).def(10);
  schema.strings("class_names", "one name per class, in label order; numbers where absent", 1, 256).optional();
  schema.integer("height_px", "height of the images").range(1, 4096).unit("px").def(28);
  schema.integer("width_px", "width of the images").range(1, 4096).unit("px").def(28);
  declare_statistics(schema);
  return schema;
}

IdxDataset::IdxDataset(const Params& params, Context&)
    : InMemoryDataset(1, params.integer("height_px"), params.integer("width_px")),
      path_(params.string("path")),
      classes_(params.integer("classes")),
      height_(params.integer("height_px")),
      width_(params.integer("width_px")),
      statistics_(read_statistics(params, 1)) {
  if (params.has("class_names")) {
    class_names_ = params.strings("class_names");
    if (static_cast<int64_t>(class_names_.size()) != classes_)
      throw Error(ErrorCode::kInvalidParameter, "parameter 'class_names' has " + std::to_string(class_names_.size()) +
                                                    " names, expected one for each of " + std::to_string(classes_) +
                                                    " classes");
  } else {
    for (int64_t label = 0; label < classes_; ++label) class_names_.push_back(std::to_string(label));
  }
}

DatasetInfo IdxDataset::info() const {
  return {class_names_, classes_, 1, height_, width_, statistics_.mean, statistics_.standard_deviation};
}

void IdxDataset::open() {
  open_split(Split::kTrain, "train");
  open_split(Split::kTest, "t10k");
}

std::filesystem::path IdxDataset::find(const std::string& part, const std::string& content, int dimensions) const {
  const std::string format = "idx" + std::to_string(dimensions) + "-ubyte";
  for (const char* separator : {"-", "."}) {
    for (const char* ending : {"", ".gz"}) {
      const std::filesystem::path candidate = path_ / (part + "-" + content + separator + format + ending);
      std::error_code ignored;
      if (std::filesystem::exists(candidate, ignored)) return candidate;
    }
  }
  throw Error(ErrorCode::kData, path_.string() + " lacks " + part + "-" + content + "-" + format +
                                    " (also looked for with '.' before idx, and with .gz); set 'path' to the folder "
                                    "of the four IDX files");
}

void IdxDataset::open_split(Split split, const std::string& part) {
  const std::filesystem::path label_path = find(part, "labels", 1);
  const std::filesystem::path image_path = find(part, "images", 3);
  at::Tensor labels = read_labels(label_path);
  at::Tensor images = read_images(image_path, labels.size(0), label_path);
  fill(split, {std::move(images), std::move(labels)});
}

at::Tensor IdxDataset::read_labels(const std::filesystem::path& path) const {
  IdxFile file(path, 1);
  file.check_size();
  std::vector<uint8_t> bytes(static_cast<size_t>(file.lengths()[0]));
  file.read(bytes.data());
  at::Tensor labels = at::empty({file.lengths()[0]}, at::kLong);
  auto* out = labels.data_ptr<int64_t>();
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] >= classes_)
      throw Error(ErrorCode::kData,
                  path.string() + " has label " + std::to_string(bytes[i]) + " in record " + std::to_string(i) +
                      " (offset " + std::to_string(file.header_size() + static_cast<int64_t>(i)) + "), expected [0, " +
                      std::to_string(classes_ - 1) + "]; set 'classes' to the number of classes");
    out[i] = bytes[i];
  }
  return labels;
}

at::Tensor IdxDataset::read_images(const std::filesystem::path& path, int64_t count,
                                   const std::filesystem::path& label_path) const {
  IdxFile file(path, 3);
  const std::vector<int64_t>& lengths = file.lengths();
  if (lengths[1] != height_ || lengths[2] != width_)
    throw Error(ErrorCode::kData, path.string() + " has images of " + std::to_string(lengths[1]) + " x " +
                                      std::to_string(lengths[2]) + " px (height x width), expected " +
                                      std::to_string(height_) + " x " + std::to_string(width_) +
                                      "; set 'height_px' and 'width_px'");
  if (lengths[0] != count)
    throw Error(ErrorCode::kData, path.string() + " has " + std::to_string(lengths[0]) + " images, but " +
                                      label_path.string() + " has " + std::to_string(count) +
                                      " labels; both must come from one set");
  file.check_size();
  at::Tensor images = at::empty({count, 1, height_, width_}, at::kByte);
  file.read(images.data_ptr<uint8_t>());
  return images;
}

}  // namespace dha::datasets
