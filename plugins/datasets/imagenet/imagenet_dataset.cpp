#include "imagenet/imagenet_dataset.hpp"

#include "imagenet/imagenet_index.hpp"
#include "shared/channel_statistics.hpp"

namespace dha::datasets {

namespace {

// Those of the training images, as they are usually given. Grey images are measured.
ChannelStatistics usual_statistics(const Params& params) {
  if (params.integer("channels") != 3) return {};
  return {{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};
}

ImageSource read_source(const Params& params) {
  ImageSource source;
  source.root = params.string("path");
  if (params.has("classes")) source.classes = params.integer("classes");
  source.validation_fraction = params.real("validation_fraction");
  source.split_seed = static_cast<uint64_t>(params.integer("split_seed"));
  return source;
}

}  // namespace

Schema ImagenetDataset::schema() {
  Schema schema("Reads ImageNet (ILSVRC2012) as it is delivered, with its validation images as the test split.");
  schema.path("path",
              "folder with train/<wnid>/<image> and val/<image> or val/<wnid>/<image>, or the folder to which Kaggle's "
              "archive was unpacked");
  schema
      .path("validation_labels",
            "file with the classes of the images in val: ILSVRC2012_validation_ground_truth.txt next to meta.mat, "
            "LOC_val_solution.csv, or one wnid per line; default: found below path")
      .optional();
  schema.integer("classes", "number of classes, checked if given; default: found on disk").range(1, 1000000).optional();
  schema
      .real("validation_fraction", "share of each class's training images that is held out for validation, rounded up")
      .range(0, 0.9)
      .def(0.0);
  schema.integer("split_seed", "seed of the choice of held-out images").minimum(0).def(0);
  declare_reading(schema, Depth::k8);
  declare_statistics(schema, "that of ImageNet's training images; measured for 1 channel");
  return schema;
}

ImagenetDataset::ImagenetDataset(const Params& params, Context& context)
    : ImageFilesDataset(params, context, Depth::k8, read_source(params), usual_statistics(params)) {
  if (params.has("validation_labels")) validation_labels_ = params.string("validation_labels");
}

ImageIndex ImagenetDataset::find(const std::function<void()>& check_cancelled) const {
  ImageIndex index = find_imagenet(source().root, validation_labels_, check_cancelled);
  check_classes(index, source());
  return index;
}

}  // namespace dha::datasets
