#include "image_folder/image_folder_dataset.hpp"

#include <array>

#include "dha/error.hpp"
#include "shared/channel_statistics.hpp"

namespace dha::datasets {

namespace {

constexpr std::array<const char*, 3> kListParameters = {"train_list", "validation_list", "test_list"};

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kInvalidParameter, what); }

ImageSource read_source(const Params& params) {
  ImageSource source;
  source.root = params.string("path");
  for (size_t split = 0; split < kListParameters.size(); ++split)
    if (params.has(kListParameters[split])) source.lists[split] = params.string(kListParameters[split]);
  if (!source.lists[0] && (source.lists[1] || source.lists[2]))
    refuse("a list file is given for " + std::string(source.lists[1] ? "validation" : "test") +
           " but not for training; set 'train_list'");
  source.label_base = params.integer("label_base");
  if (params.has("classes")) source.classes = params.integer("classes");
  source.validation_fraction = params.real("validation_fraction");
  source.test_fraction = params.real("test_fraction");
  if (source.validation_fraction + source.test_fraction >= 1)
    refuse("'validation_fraction' and 'test_fraction' leave nothing to train on; their sum must be below 1");
  source.split_seed = static_cast<uint64_t>(params.integer("split_seed"));
  return source;
}

void declare_source(Schema& schema) {
  schema.path("path",
              "root folder: <split>/<class>/<image> with splits train, val and test, or <class>/<image>, or the folder "
              "that list files refer to");
  schema
      .path("train_list",
            "file with one image per line: path below the root, a space, label number; or in every line of every list "
            "the path alone, which begins with the folder of the class")
      .optional();
  schema.path("validation_list", "the same for validation images").optional();
  schema.path("test_list", "the same for test images").optional();
  schema.integer("label_base", "number of the first class in list files").range(0, 1).def(0);
  schema.integer("classes", "number of classes, checked if given; default: found on disk").range(1, 1000000).optional();
  schema.real("validation_fraction", "share of each class's images that is held out for validation, rounded up")
      .range(0, 0.9)
      .def(0.0);
  schema.real("test_fraction", "share of each class's images that is held out for testing, rounded up")
      .range(0, 0.9)
      .def(0.0);
  schema.integer("split_seed", "seed of the choice of held-out images").minimum(0).def(0);
}

}  // namespace

Schema ImageFolderDataset::schema() {
  Schema schema(
      "Reads JPEG, PNG and WebP images from class folders or list files, decoding only the crop that is needed.");
  declare_source(schema);
  declare_reading(schema, Depth::k16);
  declare_statistics(schema);
  return schema;
}

ImageFolderDataset::ImageFolderDataset(const Params& params, Context& context)
    : ImageFilesDataset(params, context, Depth::k16, read_source(params)) {}

}  // namespace dha::datasets
