#include "image_folder/webp_image.hpp"

#include <webp/decode.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "image_folder/orientation.hpp"
#include "image_folder/pixel_row.hpp"
#include "image_folder/unreadable_image.hpp"

namespace dha::datasets {

namespace {

using Bytes = std::span<const uint8_t>;

constexpr size_t kRiffHeader = 12, kChunkHeader = 8, kFlags = kRiffHeader + kChunkHeader;
constexpr uint8_t kAnimationFlag = 0x02, kExifFlag = 0x08;
constexpr int64_t kMargin = 2;  // px around a crop that colour is interpolated from; even, as crops must begin

size_t little_endian(Bytes bytes, size_t at) {
  return size_t{bytes[at + 3]} << 24 | size_t{bytes[at + 2]} << 16 | size_t{bytes[at + 1]} << 8 | bytes[at];
}

std::string_view text_at(Bytes bytes, size_t at) { return {reinterpret_cast<const char*>(bytes.data()) + at, 4}; }

// The flags of an extended file; 0 of a simple one.
uint8_t flags_of(Bytes file) {
  return file.size() > kFlags && text_at(file, kRiffHeader) == "VP8X" ? file[kFlags] : uint8_t{0};
}

int orientation_of(Bytes file) {
  if (!webp_has_exif(file)) return 1;
  for (size_t at = kRiffHeader; at + kChunkHeader <= file.size();) {
    const size_t length = little_endian(file, at + 4), begin = at + kChunkHeader;
    if (length > file.size() - begin) return 1;
    if (text_at(file, at) == "EXIF") return exif_orientation(file.subspan(begin, length));
    at = begin + length + length % 2;
  }
  return 1;
}

[[noreturn]] void refuse_damaged(VP8StatusCode status) {
  if (status == VP8_STATUS_NOT_ENOUGH_DATA || status == VP8_STATUS_SUSPENDED)
    throw UnreadableImage("is a truncated WebP: its data end too early");
  throw UnreadableImage("is a damaged WebP: libwebp reports status " + std::to_string(status));
}

WebPBitstreamFeatures features_of(Bytes file) {
  WebPBitstreamFeatures features;
  const VP8StatusCode status = WebPGetFeatures(file.data(), file.size(), &features);
  if (status != VP8_STATUS_OK) refuse_damaged(status);
  if (features.has_animation != 0) throw UnreadableImage("is an animated WebP image");
  if (int64_t{features.width} * features.height > kMostPixels)
    throw UnreadableImage("has " + std::to_string(features.width) + " x " + std::to_string(features.height) +
                          " px, more than the " + std::to_string(kMostPixels) + " px that are decoded");
  return features;
}

// The crop and a margin around it, beginning at even places.
PixelWindow with_margin(const ImageRequest& request, const WebPBitstreamFeatures& features) {
  const auto begin = [](int64_t px) { return std::max<int64_t>(0, px - kMargin) / 2 * 2; };
  PixelWindow window{begin(request.crop_top), begin(request.crop_left), 0, 0};
  window.height = std::min<int64_t>(features.height, request.crop_top + request.crop_height + kMargin) - window.top;
  window.width = std::min<int64_t>(features.width, request.crop_left + request.crop_width + kMargin) - window.left;
  return window;
}

std::vector<uint8_t> pixels_of(Bytes file, const PixelWindow& window, int64_t components) {
  std::vector<uint8_t> pixels(static_cast<size_t>(window.height * window.width * components));
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) throw UnreadableImage("needs a different version of libwebp");
  config.options.use_cropping = 1;
  config.options.crop_top = static_cast<int>(window.top);
  config.options.crop_left = static_cast<int>(window.left);
  config.options.crop_height = static_cast<int>(window.height);
  config.options.crop_width = static_cast<int>(window.width);
  config.output.colorspace = components == 4 ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = pixels.data();
  config.output.u.RGBA.stride = static_cast<int>(window.width * components);
  config.output.u.RGBA.size = pixels.size();
  const VP8StatusCode status = WebPDecode(file.data(), file.size(), &config);
  WebPFreeDecBuffer(&config.output);
  if (status != VP8_STATUS_OK) refuse_damaged(status);
  return pixels;
}

}  // namespace

StoredImage webp_header(Bytes file) {
  const WebPBitstreamFeatures features = features_of(file);
  return {{features.height, features.width}, orientation_of(file), false, 0};
}

bool webp_has_exif(Bytes file) { return (flags_of(file) & kExifFlag) != 0; }

bool is_animated_webp(Bytes file) { return (flags_of(file) & kAnimationFlag) != 0; }

int64_t webp_bytes(Bytes file) {
  return file.size() < kRiffHeader ? INT64_MAX : static_cast<int64_t>(little_endian(file, 4) + kChunkHeader);
}

PixelBlock decode_webp(Bytes file, const ImageRequest& request, int64_t channels, const ImageReading& reading,
                       const Placement& place) {
  const WebPBitstreamFeatures features = features_of(file);
  const ImageRequest crop = place ? place(webp_header(file)) : request;
  if (webp_bytes(file) > static_cast<int64_t>(file.size())) refuse_damaged(VP8_STATUS_NOT_ENOUGH_DATA);
  const PixelWindow window = with_margin(crop, features);
  const int64_t components = features.has_alpha != 0 ? 4 : 3;
  std::vector<uint8_t> pixels = pixels_of(file, window, components);
  PixelBlock block(crop.crop_height, crop.crop_width, channels);
  block.crop_height = static_cast<double>(crop.crop_height);
  block.crop_width = static_cast<double>(crop.crop_width);
  for (int64_t y = 0; y < block.height; ++y) {
    const int64_t at = (crop.crop_top - window.top + y) * window.width + crop.crop_left - window.left;
    uint8_t* const row = pixels.data() + at * components;
    if (components == 4) compose_row(row, block.width, 3, reading.background);
    store_row(row, block.width, 3, block.row(y), channels);
  }
  return block;
}

}  // namespace dha::datasets
