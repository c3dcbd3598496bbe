#include "image_folder/png_image.hpp"

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "image_folder/unreadable_image.hpp"

namespace dha::datasets {

namespace {

constexpr std::string_view kEndChunk = "IEND";

// One image being read. Every call into libpng stands in guarded(), whose body has no object with a destructor, so that
// a jump skips none.
class PngImage {
 public:
  explicit PngImage(std::span<const uint8_t> file);
  ~PngImage() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngImage(const PngImage&) = delete;
  PngImage& operator=(const PngImage&) = delete;

  ImageSize size() const { return {png_get_image_height(png_, info_), png_get_image_width(png_, info_)}; }
  PixelBlock decode(const ImageRequest& request, int64_t channels);

 private:
  template <class Body>
  void guarded(const Body& body) {
    if (setjmp(escape_) != 0) throw UnreadableImage(std::string("is a damaged PNG: ") + message_);
    body();
  }

  // libpng's callbacks.
  [[noreturn]] static void escape(png_structp png, png_const_charp message);
  static void ignore(png_structp, png_const_charp) {}
  static void supply(png_structp png, png_bytep to, png_size_t count);

  int choose_pixels();
  void read_rows(const PixelWindow& window, int components, PixelBlock& block);
  void read_interlaced(const PixelWindow& window, int components, PixelBlock& block);
  static void store_row(const uint8_t* from, int components, const PixelWindow& window, uint8_t* to, int64_t channels);

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf escape_;
  char message_[128] = "";
  std::span<const uint8_t> file_;
  size_t position_ = 0;
};

PngImage::PngImage(std::span<const uint8_t> file) : file_(file) {
  png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, &PngImage::escape, &PngImage::ignore);
  if (png_ == nullptr) throw std::bad_alloc();
  try {
    guarded([&] {
      info_ = png_create_info_struct(png_);
      if (info_ == nullptr) png_error(png_, "out of memory");
      png_set_read_fn(png_, this, &PngImage::supply);
      png_read_info(png_, info_);
    });
    if (size().width * size().height > kMostPixels)
      throw UnreadableImage("has " + std::to_string(size().width) + " x " + std::to_string(size().height) +
                            " px, more than the " + std::to_string(kMostPixels) + " px that are decoded");
  } catch (...) {
    png_destroy_read_struct(&png_, &info_, nullptr);
    throw;
  }
}

void PngImage::escape(png_structp png, png_const_charp message) {
  auto* self = static_cast<PngImage*>(png_get_error_ptr(png));
  std::snprintf(self->message_, sizeof self->message_, "%s", message);
  std::longjmp(self->escape_, 1);
}

void PngImage::supply(png_structp png, png_bytep to, png_size_t count) {
  auto* self = static_cast<PngImage*>(png_get_io_ptr(png));
  if (count > self->file_.size() - self->position_) png_error(png, "premature end of file");
  std::memcpy(to, self->file_.data() + self->position_, count);
  self->position_ += count;
}

PixelBlock PngImage::decode(const ImageRequest& request, int64_t channels) {
  const PixelWindow window{request.crop_top, request.crop_left, request.crop_height, request.crop_width};
  const int components = choose_pixels();
  PixelBlock block(window.height, window.width, channels);
  block.crop_height = static_cast<double>(window.height);
  block.crop_width = static_cast<double>(window.width);
  if (png_get_interlace_type(png_, info_) == PNG_INTERLACE_NONE)
    read_rows(window, components, block);
  else
    read_interlaced(window, components, block);
  const std::string_view rest(reinterpret_cast<const char*>(file_.data() + position_), file_.size() - position_);
  if (rest.rfind(kEndChunk) == std::string_view::npos)
    throw UnreadableImage("is a truncated PNG: its end chunk is missing");
  return block;
}

// Asks libpng for 8 bits of grey (returns 1) or RGB (returns 3).
int PngImage::choose_pixels() {
  const int colour = png_get_color_type(png_, info_);
  guarded([&] {
    png_set_scale_16(png_);
    png_set_strip_alpha(png_);
    if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png_);
    if (colour == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
  });
  const int components = png_get_channels(png_, info_);
  if (png_get_bit_depth(png_, info_) != 8 || (components != 1 && components != 3))
    throw UnreadableImage("is a PNG of an unknown kind of pixels; convert it to 8-bit RGB");
  return components;
}

void PngImage::read_rows(const PixelWindow& window, int components, PixelBlock& block) {
  std::vector<uint8_t> row(png_get_rowbytes(png_, info_));
  uint8_t* const row_data = row.data();
  guarded([&] {
    for (int64_t y = 0; y < window.top; ++y) png_read_row(png_, row_data, nullptr);
    for (int64_t y = 0; y < window.height; ++y) {
      png_read_row(png_, row_data, nullptr);
      store_row(row_data, components, window, block.row(y), block.channels);
    }
  });
}

// The passes of an interlaced image are spread over all of it, so all of it is kept.
void PngImage::read_interlaced(const PixelWindow& window, int components, PixelBlock& block) {
  const size_t row_bytes = png_get_rowbytes(png_, info_);
  const auto height = static_cast<size_t>(size().height);
  std::vector<uint8_t> image(row_bytes * height);
  uint8_t* const data = image.data();
  guarded([&] {
    for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; ++pass)
      for (size_t y = 0; y < height; ++y) png_read_row(png_, data + y * row_bytes, nullptr);
  });
  for (int64_t y = 0; y < window.height; ++y)
    store_row(data + static_cast<size_t>(window.top + y) * row_bytes, components, window, block.row(y), block.channels);
}

void PngImage::store_row(const uint8_t* from, int components, const PixelWindow& window, uint8_t* to,
                         int64_t channels) {
  from += window.left * components;
  if (components == channels) {
    std::memcpy(to, from, static_cast<size_t>(window.width * channels));
    return;
  }
  for (int64_t x = 0; x < window.width; ++x, from += components, to += channels) {
    if (channels == 1)
      *to = luma(from[0], from[1], from[2]);
    else
      std::fill(to, to + 3, *from);
  }
}

}  // namespace

ImageSize png_size(std::span<const uint8_t> file) { return PngImage(file).size(); }

PixelBlock decode_png(std::span<const uint8_t> file, const ImageRequest& request, int64_t channels) {
  return PngImage(file).decode(request, channels);
}

}  // namespace dha::datasets
