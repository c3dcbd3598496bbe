#include "image_folder/image_files_dataset.hpp"

#include <ATen/ops/empty.h>

#include <chrono>
#include <cstdio>
#include <tuple>

#include "dha/error.hpp"
#include "image_folder/file_names.hpp"
#include "image_folder/image_file.hpp"
#include "image_folder/sample_depth.hpp"
#include "image_folder/unreadable_image.hpp"

namespace dha::datasets {

namespace {

constexpr uint64_t kUnreadable = ~uint64_t{0};

uint64_t packed(ImageSize size) { return static_cast<uint64_t>(size.height) << 32 | static_cast<uint64_t>(size.width); }

ImageSize unpacked(uint64_t size) {
  return {static_cast<int64_t>(size >> 32), static_cast<int64_t>(size & 0xffffffffu)};
}

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kInvalidParameter, what); }

// The two ends of a range parameter.
std::pair<double, double> read_range(const Params& params, const char* name) {
  const std::vector<double> ends = params.reals(name);
  if (ends[0] > ends[1])
    refuse(std::string("parameter '") + name + "' is [" + std::to_string(ends[0]) + ", " + std::to_string(ends[1]) +
           "], expected the smaller number first");
  return {ends[0], ends[1]};
}

CropPolicy read_policy(const Params& params) {
  CropPolicy policy;
  policy.random_resized = params.boolean("random_resized");
  std::tie(policy.area_minimum, policy.area_maximum) = read_range(params, "area_range");
  std::tie(policy.aspect_minimum, policy.aspect_maximum) = read_range(params, "aspect_range");
  policy.flip_probability = params.real("flip_probability");
  policy.evaluation_fraction = params.real("evaluation_fraction");
  return policy;
}

ImageReading read_reading(const Params& params) {
  ImageReading reading;
  reading.orient = params.string("exif_orientation") == "apply";
  reading.background = params.string("background") == "white" ? 255 : 0;
  if (params.has("bits")) reading.bits = static_cast<int>(params.integer("bits"));
  reading.accept_truncated = params.string("truncated") == "accept";
  return reading;
}

void declare_files(Schema& schema) {
  schema.choice("unreadable", "how to treat an unreadable image", {"error", "skip"}).def("error");
  schema
      .choice("truncated",
              "how to treat a truncated JPEG or PNG file; \"accept\": the missing part is grey in a JPEG, black in a "
              "PNG without transparency",
              {"error", "accept"})
      .def("error");
}

void declare_pixels(Schema& schema) {
  schema
      .choice("exif_orientation",
              "whether to rotate and mirror images according to their EXIF orientation, before cropping",
              {"apply", "ignore"})
      .def("apply");
  schema.choice("background", "colour behind transparent parts of a PNG or WebP image", {"white", "black"})
      .def("white");
}

void declare_bits(Schema& schema) {
  schema
      .integer("bits",
               "significant bits of 16-bit PNG images: samples from 0 to 2^bits - 1 become 0 to 255, larger ones 255; "
               "default: the fewest that hold the largest sample of any training image")
      .range(8, 16)
      .optional();
}

void declare_crops(Schema& schema) {
  schema.integer("size_px", "height and width of the network's input images").range(1, 4096).unit("px").def(224);
  schema.integer("channels", "3: RGB; 1: grey").one_of({1, 3}).def(3);
  schema.boolean("random_resized", "draw training crops at random; false: use the evaluation crop").def(true);
  schema.reals("area_range", "smallest and largest area of a training crop, as shares of the image", 2, 2)
      .range(0.0001, 1)
      .def(std::vector<double>{0.08, 1});
  schema.reals("aspect_range", "smallest and largest width over height of a training crop", 2, 2)
      .range(0.01, 100)
      .def(std::vector<double>{0.75, 4.0 / 3.0});
  schema.real("flip_probability", "share of the training images that are flipped left to right").range(0, 1).def(0.5);
  schema.real("evaluation_fraction", "side of the centre crop for evaluation over the image's shorter side")
      .range(0.01, 1)
      .def(0.875);
}

}  // namespace

void ImageFilesDataset::declare_reading(Schema& schema, Depth depth) {
  declare_files(schema);
  declare_pixels(schema);
  if (depth == Depth::k16) declare_bits(schema);
  declare_crops(schema);
}

ImageFilesDataset::ImageFilesDataset(const Params& params, Context& context, Depth depth, ImageSource source,
                                     ChannelStatistics statistics)
    : context_(context),
      source_(std::move(source)),
      channels_(params.integer("channels")),
      size_px_(params.integer("size_px")),
      statistics_(read_statistics(params, channels_, std::move(statistics))),
      policy_(read_policy(params)),
      skip_unreadable_(params.string("unreadable") == "skip"),
      reading_(read_reading(params)),
      files_(context, channels_, reading_),
      chooses_bits_(depth == Depth::k16 && !params.has("bits")) {}

DatasetInfo ImageFilesDataset::info() const {
  const auto found = static_cast<int64_t>(index_.class_names.size());
  return {index_.class_names,
          found > 0 ? found : source_.classes.value_or(0),
          channels_,
          size_px_,
          size_px_,
          statistics_.mean,
          statistics_.standard_deviation};
}

void ImageFilesDataset::open() {
  reports_.report("listing images", 0, 0);
  index_ = find([this] {
    if (context_.cancelled()) throw Error(ErrorCode::kCancelled, "stopped while listing images");
  });
  for (const std::string& line : index_.information) context_.log(LogLevel::kInfo, line);
  for (const std::string& line : index_.warnings) context_.log(LogLevel::kWarning, line);
  const auto report = [this](int64_t done, int64_t total) { reports_.report("checking images", done, total); };
  unreadable_images_ = check_images(index_, source_.root, {skip_unreadable_, reading_, report}, context_);
  set_fractions_apart(index_, source_);
  for (size_t split = 0; split < sizes_.size(); ++split) {
    const std::vector<ImageEntry>& images = index_.splits[split];
    sizes_[split] = std::vector<std::atomic<uint64_t>>(images.size());
    for (size_t i = 0; i < images.size(); ++i) sizes_[split][i] = packed(images[i].size);
  }
  if (chooses_bits_) choose_bits();
}

void ImageFilesDataset::choose_bits() {
  const auto begun = std::chrono::steady_clock::now();
  reports_.report("measuring the depth of the images", 0, 0);
  const auto check_cancelled = [this] {
    if (context_.cancelled()) throw Error(ErrorCode::kCancelled, "stopped while measuring the depth of images");
  };
  std::vector<std::filesystem::path> files;
  for (const ImageEntry& image : index_[Split::kTrain]) files.push_back(path_of(image));
  const std::vector<std::filesystem::path> images = images_of_16_bits(files, check_cancelled);
  if (images.empty()) return;
  reading_.bits = significant_bits(images, check_cancelled);
  has_chosen_bits_ = true;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
  std::array<char, 160> text;
  std::snprintf(text.data(), text.size(),
                "16-bit images have %d significant bits: found in %zu training images in %.1f s; 'bits' sets it",
                reading_.bits, images.size(), seconds.count());
  context_.log(LogLevel::kInfo, text.data());
}

std::string ImageFilesDataset::chosen_params() const {
  return has_chosen_bits_ ? "{\"bits\": " + std::to_string(reading_.bits) + "}" : "{}";
}

int64_t ImageFilesDataset::size(Split split) const { return static_cast<int64_t>(index_[split].size()); }

std::string ImageFilesDataset::image_name(Split split, int64_t index) const { return entry(split, index).path; }

at::Tensor ImageFilesDataset::labels(Split split) const {
  at::Tensor labels = at::empty({size(split)}, at::kLong);
  auto* out = labels.data_ptr<int64_t>();
  for (const ImageEntry& image : index_[split]) *out++ = image.label;
  return labels;
}

const ImageEntry& ImageFilesDataset::entry(Split split, int64_t index) const {
  if (index < 0 || index >= size(split))
    throw Error(ErrorCode::kContractViolation, "image " + std::to_string(index) + " was requested from a split of " +
                                                   std::to_string(size(split)) + " images");
  return index_[split][static_cast<size_t>(index)];
}

ImageSize ImageFilesDataset::image_size(Split split, int64_t index) const {
  const ImageEntry& image = entry(split, index);
  std::atomic<uint64_t>& known = sizes_[static_cast<size_t>(split)][static_cast<size_t>(index)];
  uint64_t size = known.load(std::memory_order_relaxed);
  if (size == 0) {
    try {
      size = packed(read_image_size(path_of(image), reading_));
    } catch (const UnreadableImage& error) {
      skip_or_throw(split, index, error.what());
      size = kUnreadable;
    }
    known.store(size, std::memory_order_relaxed);
  }
  return size == kUnreadable ? ImageSize{1, 1} : unpacked(size);
}

bool ImageFilesDataset::read(Split split, int64_t index, const ImageRequest& request, uint8_t* pixels) const {
  const ImageEntry& image = entry(split, index);
  std::atomic<uint64_t>& known = sizes_[static_cast<size_t>(split)][static_cast<size_t>(index)];
  const uint64_t size = known.load(std::memory_order_relaxed);
  if (size == kUnreadable) return false;
  try {
    read_image(path_of(image), unpacked(size), request, channels_, pixels, reading_);
    return true;
  } catch (const UnreadableImage& error) {
    skip_or_throw(split, index, error.what());
    known.store(kUnreadable, std::memory_order_relaxed);
    return false;
  }
}

// Logs an image once, however many threads find it unreadable at the same time.
void ImageFilesDataset::skip_or_throw(Split split, int64_t index, const char* reason) const {
  const std::string sentence = shown(path_of(entry(split, index))) + " " + reason;
  if (!skip_unreadable_)
    throw Error(ErrorCode::kData,
                sentence + "; replace or remove the file, or set 'unreadable' to 'skip' to leave such images out");
  const std::lock_guard lock(skipped_mutex_);
  if (!skipped_.emplace(split, index).second) return;
  context_.log(LogLevel::kWarning, "skipped: " + sentence + " (" + std::to_string(skipped_.size()) + " so far)");
}

}  // namespace dha::datasets
