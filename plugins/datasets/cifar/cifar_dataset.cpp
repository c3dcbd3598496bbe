#include "cifar/cifar_dataset.hpp"

#include <utility>

#include "cifar/cifar_pickles.hpp"

namespace dha::datasets {

namespace {

// Those of CIFAR-10's training images; the usual choice for CIFAR-100 too.
const ChannelStatistics& usual_statistics() {
  static const ChannelStatistics statistics{{0.4914, 0.4822, 0.4465}, {0.2470, 0.2435, 0.2616}};
  return statistics;
}

}  // namespace

Schema CifarDataset::schema() {
  Schema schema("Reads CIFAR-10 or CIFAR-100 in its binary or its Python version.");
  schema.path("path",
              "the folder cifar-10-batches-bin, cifar-10-batches-py, cifar-100-binary or cifar-100-python, as unpacked "
              "from the published archive, or a folder up to three levels above it");
  schema.integer("classes", "10: CIFAR-10; 100: CIFAR-100 with its fine labels; 20: CIFAR-100 with its coarse labels")
      .one_of({10, 20, 100})
      .def(10);
  declare_statistics(schema, "that of CIFAR-10's training images");
  return schema;
}

CifarDataset::CifarDataset(const Params& params, Context& context)
    : InMemoryDataset(3, kCifarSide, kCifarSide),
      context_(context),
      image_files_(context, 3, kUsualReading),
      path_(params.string("path")),
      layout_(cifar_layout(params.integer("classes"))),
      statistics_(read_statistics(params, 3, usual_statistics())) {}

DatasetInfo CifarDataset::info() const {
  return {class_names_, layout_.classes, 3, kCifarSide, kCifarSide, statistics_.mean, statistics_.standard_deviation};
}

void CifarDataset::open() {
  const CifarFolder folder = find_cifar_folder(path_, layout_);
  if (folder.path != path_) context_.log(LogLevel::kInfo, "reads " + folder.path.string());
  class_names_ =
      folder.is_python ? read_cifar_pickle_names(folder.path, layout_) : read_cifar_names(folder.path, layout_);
  open_split(Split::kTrain, folder, layout_.train, layout_.train_images);
  open_split(Split::kTest, folder, layout_.test, layout_.test_images);
}

void CifarDataset::open_split(Split split, const CifarFolder& folder, std::vector<std::string> files,
                              int64_t published) {
  if (folder.is_python)
    for (std::string& file : files) file = std::filesystem::path(file).stem().string();
  ImageTensors tensors = folder.is_python ? read_cifar_pickles(folder.path, files, layout_)
                                          : read_cifar_files(folder.path, files, layout_);
  const int64_t found = tensors.labels.size(0);
  if (found != published)
    context_.log(LogLevel::kWarning, folder.path.string() + " has " + std::to_string(found) + " images in " +
                                         files.front() + (files.size() > 1 ? " and the other batches" : "") +
                                         ", the published set has " + std::to_string(published));
  fill(split, std::move(tensors));
}

}  // namespace dha::datasets
