// Images per second that the data feed delivers of a folder of JPEGs, compared with what decoding them takes by itself.
//
//   feed_bench FOLDER SIZE_PX [ROUNDS] [THREADS]
//
// The feed is that of a training: dha.image_folder from its plugin, random resized crops, flips, shuffled, batches of
// 32, read ahead by THREADS threads. Decoding alone is libjpeg-turbo by as many threads: of whole images, file after
// file, as a program does that crops afterwards; and of the very crops of that epoch at the DCT scale that suffices for
// them, of files that lie in memory, which nobody can do without. They take turns, an epoch each.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <jpeglib.h>

#include "component/component_slot.hpp"
#include "data/batch_feed.hpp"
#include "data/crop_geometry.hpp"
#include "data/open_dataset.hpp"
#include "dha/params.hpp"
#include "plugin/plugin_registry.hpp"

namespace {

using namespace dha;
using Clock = std::chrono::steady_clock;
using Bytes = std::vector<uint8_t>;

constexpr int64_t kBatch = 32;
constexpr uint64_t kSeed = 1;
constexpr int64_t kScaleDenominator = 8;
constexpr int64_t kMargin = 8;  // px beside a crop that upsampling of colour needs

double seconds_since(Clock::time_point begun) { return std::chrono::duration<double>(Clock::now() - begun).count(); }

Bytes content(const std::filesystem::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (file < 0 || fstat(file, &status) != 0) throw std::runtime_error("cannot open " + path.string());
  Bytes bytes(static_cast<size_t>(status.st_size));
  const ssize_t found = read(file, bytes.data(), bytes.size());
  close(file);
  if (found != status.st_size) throw std::runtime_error("cannot read " + path.string());
  return bytes;
}

// A JPEG whose header is read.
struct Jpeg {
  explicit Jpeg(const Bytes& file) {
    info.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, file.data(), file.size());
    jpeg_read_header(&info, TRUE);
  }
  ~Jpeg() { jpeg_destroy_decompress(&info); }
  Jpeg(const Jpeg&) = delete;
  Jpeg& operator=(const Jpeg&) = delete;

  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
};

ImageSize size_of(const Bytes& file) {
  const Jpeg jpeg(file);
  return {jpeg.info.image_height, jpeg.info.image_width};
}

// Decodes what `request` needs of a JPEG.
void decode(const Bytes& file, const ImageRequest& request, std::vector<uint8_t>& pixels) {
  Jpeg jpeg(file);
  jpeg_decompress_struct& info = jpeg.info;
  info.out_color_space = JCS_RGB;
  int64_t scale = 1;
  while (scale < kScaleDenominator && (request.crop_width * scale < request.width * kScaleDenominator ||
                                       request.crop_height * scale < request.height * kScaleDenominator))
    ++scale;
  info.scale_num = static_cast<unsigned>(scale);
  info.scale_denom = kScaleDenominator;
  jpeg_start_decompress(&info);
  const int64_t top = request.crop_top * scale / kScaleDenominator;
  const int64_t bottom =
      std::min<int64_t>(((request.crop_top + request.crop_height) * scale + kScaleDenominator - 1) / kScaleDenominator,
                        info.output_height);
  const int64_t left = std::max<int64_t>(0, request.crop_left * scale / kScaleDenominator - kMargin);
  const int64_t right = std::min<int64_t>(
      ((request.crop_left + request.crop_width) * scale + kScaleDenominator - 1) / kScaleDenominator + kMargin,
      info.output_width);
  auto first = static_cast<JDIMENSION>(left), width = static_cast<JDIMENSION>(right - left);
  if (width < info.output_width) jpeg_crop_scanline(&info, &first, &width);
  const size_t stride = static_cast<size_t>(width) * 3;
  pixels.resize(stride * static_cast<size_t>(bottom - top));
  if (top > 0) jpeg_skip_scanlines(&info, static_cast<JDIMENSION>(top));
  for (int64_t y = 0; y < bottom - top; ++y) {
    JSAMPROW row = &pixels[static_cast<size_t>(y) * stride];
    jpeg_read_scanlines(&info, &row, 1);
  }
}

// All of an image, at the size that it has.
ImageRequest whole(ImageSize size) {
  ImageRequest request;
  request.crop_height = request.height = size.height;
  request.crop_width = request.width = size.width;
  return request;
}

struct Image {
  std::filesystem::path path;
  Bytes file;
  ImageSize size;
};

double decode_all(const std::vector<Image>& images, const std::vector<ImageRequest>& requests, bool from_files,
                  int64_t threads) {
  std::atomic<size_t> next{0};
  const auto begun = Clock::now();
  std::vector<std::thread> workers;
  for (int64_t i = 0; i < threads; ++i)
    workers.emplace_back([&] {
      std::vector<uint8_t> pixels;
      for (size_t k = next++; k < images.size(); k = next++)
        decode(from_files ? content(images[k].path) : images[k].file, requests[k], pixels);
    });
  for (std::thread& worker : workers) worker.join();
  return seconds_since(begun);
}

double deliver_all(BatchFeed& feed, int64_t epoch) {
  const auto begun = Clock::now();
  feed.begin(epoch, 0);
  while (feed.next()) {
  }
  return seconds_since(begun);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// dha.image_folder, opened, and its training images as they are stored.
class Folder {
 public:
  Folder(const std::filesystem::path& path, int64_t size_px) {
    registry_.load_directory(DHA_BENCH_PLUGIN_DIR, true);
    const std::string params = fmt::format(R"({{"path": "{}", "size_px": {}}})", path.string(), size_px);
    slot_.emplace(
        registry_, ContextServices{},
        ComponentUse{"dha.image_folder",
                     check_params(registry_.find(Dataset::kKind, "dha.image_folder").schema_json, params).completed},
        "bench");
    dataset_ = std::make_unique<OpenDataset>("dha.image_folder", slot_->object());
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path / "train"))
      if (entry.is_regular_file()) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
      Bytes bytes = content(file);
      const ImageSize size = size_of(bytes);
      images_.push_back({file, std::move(bytes), size});
    }
  }

  const OpenDataset& dataset() const { return *dataset_; }
  const std::vector<Image>& images() const { return images_; }

 private:
  PluginRegistry registry_;
  std::optional<ComponentSlot<Dataset>> slot_;
  std::unique_ptr<OpenDataset> dataset_;
  std::vector<Image> images_;
};

void compare(const Folder& folder, int64_t size_px, int64_t rounds, int64_t threads) {
  const std::vector<Image>& images = folder.images();
  std::vector<int64_t> all(images.size());
  std::iota(all.begin(), all.end(), int64_t{0});
  const ImageSet set(folder.dataset(), Split::kTrain, all);
  FeedOptions options;
  options.batch_size = kBatch;
  options.random_geometry = options.shuffle = true;
  options.seed = kSeed;
  options.threads = threads;
  const std::unique_ptr<BatchFeed> feed = make_feed(set, options);
  const CropGeometry geometry(folder.dataset().dataset().crop_policy(), size_px, size_px);
  std::vector<ImageRequest> wholes;
  for (const Image& image : images) wholes.push_back(whole(image.size));
  std::vector<double> crop_times, whole_times, feed_times, ratios, whole_ratios;
  for (int64_t round = -1; round < rounds; ++round) {
    const int64_t epoch = round + 1;
    std::vector<ImageRequest> crops;
    for (size_t i = 0; i < images.size(); ++i)
      crops.push_back(geometry.training(images[i].size, kSeed, epoch, static_cast<int64_t>(i)));
    const double crop = decode_all(images, crops, false, threads), fed = deliver_all(*feed, epoch),
                 entire = decode_all(images, wholes, true, threads);
    if (round < 0) continue;
    crop_times.push_back(crop);
    feed_times.push_back(fed);
    whole_times.push_back(entire);
    ratios.push_back(crop / fed);
    whole_ratios.push_back(entire / fed);
  }
  const auto rate = [&](const std::vector<double>& times) {
    return static_cast<double>(images.size()) / median(times);
  };
  fmt::print(
      "{} px, {} images, {} threads, {} rounds: feed {:.0f} images per second, {:.2f} of decoding whole images "
      "({:.0f}), {:.2f} of decoding the crops from memory ({:.0f})\n",
      size_px, images.size(), threads, rounds, rate(feed_times), median(whole_ratios), rate(whole_times),
      median(ratios), rate(crop_times));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: feed_bench FOLDER SIZE_PX [ROUNDS] [THREADS]\n");
    return 2;
  }
  const std::filesystem::path path = argv[1];
  if (!std::filesystem::is_directory(path / "train")) {
    fmt::print("skipped: {} has no folder train\n", path.string());
    return 0;
  }
  const int64_t size_px = std::stoll(argv[2]), rounds = argc > 3 ? std::stoll(argv[3]) : 15;
  const int64_t threads = argc > 4 ? std::stoll(argv[4]) : static_cast<int64_t>(std::thread::hardware_concurrency());
  compare(Folder(path, size_px), size_px, rounds, threads);
  return 0;
}
