#include "image_folder/png_image.hpp"

#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "image_folder/orientation.hpp"
#include "image_folder/pixel_row.hpp"
#include "image_folder/unreadable_image.hpp"

namespace dha::datasets {

namespace {

constexpr std::string_view kEndChunk = "IEND", kDataChunk = "IDAT", kExifChunk = "eXIf";
constexpr size_t kSignature = 8, kLengthAndType = 8, kChecksum = 4;

struct Chunk {
  std::string_view type;
  size_t begin, length;  // of its content in the file; it may end beyond the file
};

// The chunk that begins at `at`, where its length and type are in the file.
Chunk chunk_at(std::span<const uint8_t> file, size_t at) {
  const uint8_t* const bytes = file.data() + at;
  const size_t length = size_t{bytes[0]} << 24 | size_t{bytes[1]} << 16 | size_t{bytes[2]} << 8 | bytes[3];
  return {std::string_view(reinterpret_cast<const char*>(bytes + 4), 4), at + kLengthAndType, length};
}

// Calls `visit` with the chunks of `file` from `at` on, until it returns false or the file ends.
template <class Visit>
void visit_chunks(std::span<const uint8_t> file, size_t at, const Visit& visit) {
  while (at + kLengthAndType <= file.size()) {
    const Chunk chunk = chunk_at(file, at);
    if (!visit(chunk)) return;
    at = chunk.begin + chunk.length + kChecksum;
  }
}

// libpng would give what stands ahead of the pixels' data, but programs such as ImageMagick write it behind them.
int orientation_of(std::span<const uint8_t> file) {
  int orientation = 1;
  bool behind = false;  // the pixels' data
  visit_chunks(file, kSignature, [&](const Chunk& chunk) {
    behind = behind || chunk.type == kDataChunk;
    if (chunk.type != kExifChunk || chunk.length > file.size() - chunk.begin) return true;
    if (behind && chunk.begin + kPngEndBytes < file.size()) return true;  // where reading a header does not find it
    orientation = exif_orientation(file.subspan(chunk.begin, chunk.length));
    return false;
  });
  return orientation;
}

// `file` with the chunk that it ends within made as long as what is there of it, so that libpng reads that much.
std::vector<uint8_t> with_shortened_chunk(std::span<const uint8_t> file) {
  std::vector<uint8_t> bytes(file.begin(), file.end());
  visit_chunks(file, kSignature, [&](const Chunk& chunk) {
    const size_t there = file.size() - chunk.begin;
    if (chunk.length <= there) return true;
    if (chunk.type != kDataChunk) return false;
    for (size_t i = 0; i < 4; ++i)
      bytes[chunk.begin - kLengthAndType + i] = static_cast<uint8_t>(there >> (24 - 8 * i));
    bytes.insert(bytes.end(), kChecksum, 0);
    return false;
  });
  return bytes;
}

// One image being read. Every call into libpng stands in guarded() or succeeds(), whose body has no object with a
// destructor, so that a jump skips none.
class PngImage {
 public:
  explicit PngImage(std::span<const uint8_t> file);
  ~PngImage() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngImage(const PngImage&) = delete;
  PngImage& operator=(const PngImage&) = delete;

  StoredImage stored() const { return {size(), orientation_of(file_), png_get_bit_depth(png_, info_) == 16, 0}; }
  PixelBlock decode(const ImageRequest& request, int64_t channels, const ImageReading& reading);
  uint16_t largest_sample();

 private:
  // How libpng delivers pixels.
  struct Pixels {
    int colours = 0;         // 1 or 3
    bool has_alpha = false;  // behind the colours
    bool has_16_bits = false;
    int64_t components() const { return colours + has_alpha; }
    int64_t bytes() const { return components() << has_16_bits; }
  };

  template <class Body>
  bool succeeds(const Body& body) {
    if (setjmp(escape_) != 0) return false;
    body();
    return true;
  }
  template <class Body>
  void guarded(const Body& body) {
    if (!succeeds(body)) fail();
  }
  [[noreturn]] void fail() const;

  // libpng's callbacks.
  [[noreturn]] static void escape(png_structp png, png_const_charp message);
  static void ignore(png_structp, png_const_charp) {}
  static void supply(png_structp png, png_bytep to, png_size_t count);

  ImageSize size() const { return {png_get_image_height(png_, info_), png_get_image_width(png_, info_)}; }
  size_t height() const { return png_get_image_height(png_, info_); }
  bool is_interlaced() const { return png_get_interlace_type(png_, info_) != PNG_INTERLACE_NONE; }
  void choose_pixels(const ImageReading& reading);
  bool has_all_rows() const;
  void blank(std::span<uint8_t> pixels);
  bool read_rows(const PixelWindow& window, PixelBlock& block);
  bool read_interlaced(const PixelWindow& window, PixelBlock& block);
  void store(uint8_t* row, const PixelWindow& window, uint8_t* to, int64_t channels) const;
  void check_end();

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf escape_;
  char message_[128] = "";
  std::span<const uint8_t> file_;
  size_t position_ = 0;
  bool at_end_ = false;  // libpng has asked for more than there is
  int colour_type_ = 0;  // as it is stored
  Pixels pixels_;
  ImageReading reading_;
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
      // What decompresses is taken, whatever the checksum of the compressed data.
      png_set_crc_action(png_, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
    });
    if (size().width * size().height > kMostPixels)
      throw UnreadableImage("has " + std::to_string(size().width) + " x " + std::to_string(size().height) +
                            " px, more than the " + std::to_string(kMostPixels) + " px that are decoded");
  } catch (...) {
    png_destroy_read_struct(&png_, &info_, nullptr);
    throw;
  }
}

void PngImage::fail() const {
  if (at_end_) throw UnreadableImage("is a truncated PNG: its data end too early");
  throw UnreadableImage(std::string("is a damaged PNG: ") + message_);
}

void PngImage::escape(png_structp png, png_const_charp message) {
  auto* self = static_cast<PngImage*>(png_get_error_ptr(png));
  std::snprintf(self->message_, sizeof self->message_, "%s", message);
  std::longjmp(self->escape_, 1);
}

void PngImage::supply(png_structp png, png_bytep to, png_size_t count) {
  auto* self = static_cast<PngImage*>(png_get_io_ptr(png));
  if (count > self->file_.size() - self->position_) {
    self->at_end_ = true;
    png_error(png, "premature end of file");
  }
  std::memcpy(to, self->file_.data() + self->position_, count);
  self->position_ += count;
}

PixelBlock PngImage::decode(const ImageRequest& request, int64_t channels, const ImageReading& reading) {
  const PixelWindow window{request.crop_top, request.crop_left, request.crop_height, request.crop_width};
  reading_ = reading;
  choose_pixels(reading);
  PixelBlock block(window.height, window.width, channels);
  block.crop_height = static_cast<double>(window.height);
  block.crop_width = static_cast<double>(window.width);
  const bool done = is_interlaced() ? read_interlaced(window, block) : read_rows(window, block);
  if (!done && !reading.accept_truncated) fail();
  if (done && !reading.accept_truncated) check_end();
  return block;
}

// Asks libpng for grey or RGB of 8 bits, or of 16 where not all of them are significant, with opacity where there is.
void PngImage::choose_pixels(const ImageReading& reading) {
  const int colour = colour_type_ = png_get_color_type(png_, info_);
  guarded([&] {
    if (reading.bits == 16) png_set_scale_16(png_);
    if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png_);
    if (colour == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png_);
    if (png_get_valid(png_, info_, PNG_INFO_tRNS) != 0) png_set_tRNS_to_alpha(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
  });
  const int components = png_get_channels(png_, info_), depth = png_get_bit_depth(png_, info_);
  if ((depth != 8 && depth != 16) || components < 1 || components > 4)
    throw UnreadableImage("is a PNG of an unknown kind of pixels; convert it to 8-bit RGB");
  pixels_ = {components < 3 ? 1 : 3, components % 2 == 0, depth == 16};
}

// After the last row libpng wants the rest of the compressed data, which may be missing.
bool PngImage::has_all_rows() const {
  return is_interlaced() ? png_get_current_pass_number(png_) >= PNG_INTERLACE_ADAM7_PASSES
                         : png_get_current_row_number(png_) >= height();
}

// Makes pixels what they are where all that is stored is zero, which Pillow has where data are missing.
void PngImage::blank(std::span<uint8_t> pixels) {
  png_colorp palette = nullptr;
  png_bytep opacities = nullptr;
  png_color_16p key = nullptr;
  int colours = 0, transparent = 0;
  const bool has_palette = png_get_PLTE(png_, info_, &palette, &colours) != 0 && colours > 0;
  const bool has_key = png_get_tRNS(png_, info_, &opacities, &transparent, &key) != 0;
  uint8_t opacity = 255;
  std::array<uint8_t, 8> pixel{};
  if (colour_type_ == PNG_COLOR_TYPE_PALETTE) {
    if (has_palette) pixel = {palette[0].red, palette[0].green, palette[0].blue};
    if (has_key && transparent > 0) opacity = opacities[0];
  } else if ((colour_type_ & PNG_COLOR_MASK_ALPHA) != 0) {
    opacity = 0;
  } else if (has_key && (colour_type_ == PNG_COLOR_TYPE_GRAY ? key->gray : key->red | key->green | key->blue) == 0) {
    opacity = 0;
  }
  const auto bytes = static_cast<size_t>(pixels_.bytes());
  if (pixels_.has_alpha)
    std::fill_n(pixel.begin() + (pixels_.colours << pixels_.has_16_bits), 1 << pixels_.has_16_bits, opacity);
  for (size_t at = 0; at + bytes <= pixels.size(); at += bytes) std::copy_n(pixel.begin(), bytes, &pixels[at]);
}

// Both return false where decoding has ended before the last row of the window; rows that lack are blank then.
bool PngImage::read_rows(const PixelWindow& window, PixelBlock& block) {
  std::vector<uint8_t> row(png_get_rowbytes(png_, info_));
  uint8_t* const row_data = row.data();
  int64_t y = 0;
  int64_t* const next = &y;
  const bool done = succeeds([&] {
    for (int64_t above = 0; above < window.top; ++above) png_read_row(png_, row_data, nullptr);
    for (; *next < window.height; ++*next) {
      png_read_row(png_, row_data, nullptr);
      store(row_data, window, block.row(*next), block.channels);
    }
  });
  if (done) return true;
  if (has_all_rows()) store(row_data, window, block.row((*next)++), block.channels);
  if (*next == window.height) return true;
  for (; *next < window.height; ++*next) {
    blank(row);
    store(row_data, window, block.row(*next), block.channels);
  }
  return false;
}

// The passes of an interlaced image are spread over all of it, so all of it is kept.
bool PngImage::read_interlaced(const PixelWindow& window, PixelBlock& block) {
  const size_t row_bytes = png_get_rowbytes(png_, info_), rows = height();
  std::vector<uint8_t> image(row_bytes * rows);
  uint8_t* const data = image.data();
  if (reading_.accept_truncated) blank(image);
  const bool done = succeeds([&] {
    for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; ++pass)
      for (size_t y = 0; y < rows; ++y) png_read_row(png_, data + y * row_bytes, nullptr);
  });
  for (int64_t y = 0; y < window.height; ++y)
    store(data + static_cast<size_t>(window.top + y) * row_bytes, window, block.row(y), block.channels);
  return done || has_all_rows();
}

// Stores the window's part of a row, which is used up.
void PngImage::store(uint8_t* row, const PixelWindow& window, uint8_t* to, int64_t channels) const {
  uint8_t* const pixels = row + window.left * pixels_.bytes();
  if (pixels_.has_16_bits) narrow_row(pixels, window.width, pixels_.colours, pixels_.has_alpha, reading_.bits);
  if (pixels_.has_alpha) compose_row(pixels, window.width, pixels_.colours, reading_.background);
  store_row(pixels, window.width, pixels_.colours, to, channels);
}

// Rows below the crop are not decoded, so their absence is seen by the end chunk's. Where it is missing, the rows are
// decoded, since nothing but that chunk may be.
void PngImage::check_end() {
  if (is_interlaced() || has_png_end(file_.subspan(position_))) return;
  std::vector<uint8_t> row(png_get_rowbytes(png_, info_));
  uint8_t* const row_data = row.data();
  const bool done = succeeds([&] {
    while (!has_all_rows()) png_read_row(png_, row_data, nullptr);
  });
  if (!done && !has_all_rows()) fail();
}

uint16_t PngImage::largest_sample() {
  guarded([&] {
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
  });
  const size_t row_bytes = png_get_rowbytes(png_, info_), rows = height();
  const size_t components = png_get_channels(png_, info_), colours = components < 3 ? 1 : 3;
  const size_t samples = png_get_bit_depth(png_, info_) == 16 ? row_bytes / 2 : 0;
  std::vector<uint8_t> row(row_bytes);
  uint8_t* const data = row.data();
  uint32_t largest = 0;
  uint32_t* const found = &largest;
  succeeds([&] {
    for (int pass = is_interlaced() ? 0 : PNG_INTERLACE_ADAM7_PASSES - 1; pass < PNG_INTERLACE_ADAM7_PASSES; ++pass)
      for (size_t y = 0; y < rows; ++y) {
        png_read_row(png_, data, nullptr);
        for (size_t i = 0; i < samples; ++i)
          if (i % components < colours) *found = std::max(*found, uint32_t{data[2 * i]} << 8 | data[2 * i + 1]);
      }
  });
  return static_cast<uint16_t>(largest);
}

}  // namespace

StoredImage png_header(std::span<const uint8_t> file) { return PngImage(file).stored(); }

bool has_png_end(std::span<const uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.rfind(kEndChunk) != std::string_view::npos;
}

int png_orientation_behind(std::span<const uint8_t> end) {
  const std::string_view text(reinterpret_cast<const char*>(end.data()), end.size());
  for (size_t at = text.find(kExifChunk, 4); at != std::string_view::npos; at = text.find(kExifChunk, at + 1)) {
    const Chunk chunk = chunk_at(end, at - 4);
    bool ends = false;  // it is a chunk where others follow up to the last one
    visit_chunks(end, at - 4, [&](const Chunk& next) {
      ends = next.type == kEndChunk;
      return !ends;
    });
    if (ends) return exif_orientation(end.subspan(chunk.begin, chunk.length));
  }
  return 1;
}

uint16_t largest_png_sample(std::span<const uint8_t> file) { return PngImage(file).largest_sample(); }

PixelBlock decode_png(std::span<const uint8_t> file, const ImageRequest& request, int64_t channels,
                      const ImageReading& reading, const Placement& place) {
  const bool shortened = !has_png_end(file);
  const std::vector<uint8_t> repaired = shortened ? with_shortened_chunk(file) : std::vector<uint8_t>();
  PngImage image(shortened ? std::span<const uint8_t>(repaired) : file);
  return image.decode(place ? place(image.stored()) : request, channels, reading);
}

}  // namespace dha::datasets
