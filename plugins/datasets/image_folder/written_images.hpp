// Image files that the tests write themselves, through libjpeg and libpng.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace dha::datasets {

// Pixels, (height, width, channels).
struct Picture {
  Picture(int64_t h, int64_t w, int64_t c) : height(h), width(w), channels(c), pixels(static_cast<size_t>(h * w * c)) {}
  uint8_t& at(int64_t y, int64_t x, int64_t channel) {
    return pixels[static_cast<size_t>((y * width + x) * channels + channel)];
  }
  uint8_t at(int64_t y, int64_t x, int64_t channel) const {
    return pixels[static_cast<size_t>((y * width + x) * channels + channel)];
  }

  int64_t height, width, channels;
  std::vector<uint8_t> pixels;
};

// Waves that differ by channel: smooth, so that JPEG keeps them, and nowhere constant.
Picture waves(int64_t height, int64_t width, int64_t channels);

struct JpegKind {
  int quality = 95;
  int sampling = 1;  // chroma is stored at 1/sampling of the resolution, in both directions
  bool progressive = false;
  bool ycck = false;         // four channels: as YCCK, else as CMYK
  int restart_interval = 0;  // MCUs
};

// 1 channel: grey; 3: YCbCr; 4: inks, stored as they are given, with Adobe's marker.
std::vector<uint8_t> jpeg_bytes(const Picture& picture, const JpegKind& kind = {});

// `colour`: a PNG_COLOR_TYPE of as many channels as the picture has. `bits` 8 or 16; of 16 bits, the lower eight are
// zero.
std::vector<uint8_t> png_bytes(const Picture& picture, int colour, int bits = 8, bool interlaced = false);

// A palette image: `indices` has one channel, `palette` red, green and blue of each entry.
std::vector<uint8_t> palette_png_bytes(const Picture& indices, const std::vector<uint8_t>& palette);

// A grey image whose pixels take one bit: values are 0 or 1.
std::vector<uint8_t> bilevel_png_bytes(const Picture& picture);

// Decodes through libpng's simplified interface, apart from the code under test.
Picture read_png(const std::filesystem::path& path, int64_t channels);

}  // namespace dha::datasets
