#include "image_folder/jpeg_image.hpp"

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

// Neither includes what it needs: jpeglib.h wants FILE, jerror.h what jpeglib.h defines.
#include <jpeglib.h>

#include <jerror.h>

#include "image_folder/orientation.hpp"
#include "image_folder/pixel_row.hpp"
#include "image_folder/unreadable_image.hpp"

namespace dha::datasets {

namespace {

constexpr int kScaleDenominator = 8;
constexpr int kMostScans = 500;              // of a progressive image; crafted files have thousands
constexpr long kMostMemory = long{1} << 30;  // bytes of coefficients
constexpr int64_t kUpsamplingMargin = 8;     // px at a cropped row's ends that lack neighbours to interpolate with
constexpr std::string_view kEndMarker = "\xFF\xD9";
constexpr uint8_t kFirstRestart = 0xd0, kStartOfScan = 0xda, kEndOfImage = 0xd9, kExifMarker = 0xe1;
constexpr std::string_view kExifPrefix("Exif\0", 6);

// Where libjpeg's errors go: a message, and a jump to the guarded call that they happened in.
struct JpegErrors {
  jpeg_error_mgr base;  // first: libjpeg knows the object by this member's address
  std::jmp_buf escape;
  bool accept_truncated = false;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void escape(j_common_ptr info) {
  auto* errors = reinterpret_cast<JpegErrors*>(info->err);
  (*info->err->format_message)(info, errors->message);
  std::longjmp(errors->escape, 1);
}

// Of libjpeg's warnings only the one that the data have ended counts: other damage shows in the pixels, as it does for
// all who read JPEG through libjpeg.
void receive_message(j_common_ptr info, int level) {
  if (level < 0 && info->err->msg_code == JWRN_JPEG_EOF && !reinterpret_cast<JpegErrors*>(info->err)->accept_truncated)
    escape(info);
}

void limit_scans(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMostScans) return;
  auto* errors = reinterpret_cast<JpegErrors*>(info->err);
  errors->base.msg_code = 0;  // no message of libjpeg's
  std::snprintf(errors->message, sizeof errors->message, "more than %d scans", kMostScans);
  std::longjmp(errors->escape, 1);
}

// The orientation that the markers ahead of the first scan give. It is read from the file's bytes, since libjpeg would
// copy every block of metadata.
int orientation_of(std::span<const uint8_t> file) {
  for (size_t at = 2; at + 4 <= file.size();) {
    if (file[at] != 0xff || file[at + 1] == 0xff || file[at + 1] == 0) {  // junk or padding
      ++at;
      continue;
    }
    const uint8_t marker = file[at + 1];
    const size_t length = size_t{file[at + 2]} << 8 | file[at + 3];
    if (marker == kStartOfScan || marker == kEndOfImage || length > file.size() - at - 2) return 1;
    if (marker == kExifMarker && length >= 2 + kExifPrefix.size() &&
        std::equal(kExifPrefix.begin(), kExifPrefix.end(), file.begin() + static_cast<std::ptrdiff_t>(at + 4)))
      return exif_orientation(file.subspan(at + 4, length - 2));
    at += 2 + length;
  }
  return 1;
}

// How much of `file` is whole segments and scans: what libjpeg is given where the file may end within a segment, which
// it would read on into nothing.
size_t whole_segments(std::span<const uint8_t> file) {
  size_t at = 2;
  while (at + 2 <= file.size()) {
    const uint8_t marker = file[at + 1];
    const bool in_scan =
        file[at] != 0xff || marker == 0 || marker == 0xff || (marker >= kFirstRestart && marker <= kEndOfImage);
    if (in_scan) {
      ++at;
      continue;
    }
    const size_t left = file.size() - at - 2;
    const size_t length = left < 2 ? 2 : size_t{file[at + 2]} << 8 | file[at + 3];
    if (length > left) return at;
    at += 2 + length;
  }
  return file.size();
}

// One image being decompressed. Every call into libjpeg stands in guarded(), whose body has no object with a
// destructor, so that a jump skips none.
class JpegImage {
 public:
  JpegImage(std::span<const uint8_t> file, bool accept_truncated);
  ~JpegImage() { jpeg_destroy_decompress(&info_); }
  JpegImage(const JpegImage&) = delete;
  JpegImage& operator=(const JpegImage&) = delete;

  ImageSize size() const { return {info_.image_height, info_.image_width}; }
  StoredImage stored() const {
    return {size(), orientation_of(file_), false, file_.size() - info_.src->bytes_in_buffer};
  }
  PixelBlock decode(const ImageRequest& request, int64_t channels);

 private:
  template <class Body>
  bool succeeds(const Body& body) {
    if (setjmp(errors_.escape) != 0) return false;
    body();
    return true;
  }
  template <class Body>
  void guarded(const Body& body) {
    if (!succeeds(body)) fail();
  }
  [[noreturn]] void fail() const;

  void choose_colours(int64_t channels);
  void choose_scale(const ImageRequest& request);
  PixelWindow start(const ImageRequest& request);
  void read_rows(const PixelWindow& window, PixelBlock& block);
  void store_inks(const uint8_t* from, uint8_t* to, int64_t width, int64_t channels) const;
  bool is_inks() const { return info_.out_color_space == JCS_CMYK; }
  int64_t row_offset(const PixelWindow& window) const { return window.left - row_left_; }
  void check_end();
  bool is_complete() const;

  jpeg_decompress_struct info_{};
  JpegErrors errors_{};
  jpeg_progress_mgr progress_{};
  std::span<const uint8_t> file_;
  JDIMENSION row_left_ = 0, row_width_ = 0;  // what libjpeg delivers of a row, px of the scaled image
};

JpegImage::JpegImage(std::span<const uint8_t> file, bool accept_truncated) : file_(file) {
  info_.err = jpeg_std_error(&errors_.base);
  errors_.base.error_exit = escape;
  errors_.base.emit_message = receive_message;
  errors_.accept_truncated = accept_truncated;
  progress_.progress_monitor = limit_scans;
  try {
    guarded([&] {
      jpeg_create_decompress(&info_);
      info_.mem->max_memory_to_use = kMostMemory;
      info_.progress = &progress_;
      jpeg_mem_src(&info_, file_.data(), file_.size());
      jpeg_read_header(&info_, TRUE);
    });
    if (static_cast<int64_t>(info_.image_width) * info_.image_height > kMostPixels)
      throw UnreadableImage("has " + std::to_string(info_.image_width) + " x " + std::to_string(info_.image_height) +
                            " px, more than the " + std::to_string(kMostPixels) + " px that are decoded");
  } catch (...) {
    jpeg_destroy_decompress(&info_);
    throw;
  }
}

void JpegImage::fail() const {
  if (errors_.base.msg_code == JWRN_JPEG_EOF) throw UnreadableImage("is a truncated JPEG: its data end too early");
  const bool is_unknown_kind =
      errors_.base.msg_code == JERR_BAD_PRECISION || errors_.base.msg_code == JERR_SOF_UNSUPPORTED;
  if (is_unknown_kind)
    throw UnreadableImage(std::string("is a JPEG of a kind that is not read, lossless or of 12 bits per sample (") +
                          errors_.message + "); convert it to a usual JPEG or PNG");
  throw UnreadableImage(std::string("is a damaged JPEG: ") + errors_.message);
}

PixelBlock JpegImage::decode(const ImageRequest& request, int64_t channels) {
  choose_colours(channels);
  choose_scale(request);
  const PixelWindow window = start(request);
  PixelBlock block(window.height, window.width, channels, is_inks() ? 0 : row_width_,
                   is_inks() ? 0 : row_offset(window));
  const double scale = static_cast<double>(info_.scale_num) / kScaleDenominator;
  block.crop_top = static_cast<double>(request.crop_top) * scale - static_cast<double>(window.top);
  block.crop_left = static_cast<double>(request.crop_left) * scale - static_cast<double>(window.left);
  block.crop_height = static_cast<double>(request.crop_height) * scale;
  block.crop_width = static_cast<double>(request.crop_width) * scale;
  read_rows(window, block);
  check_end();
  return block;
}

// libjpeg turns every colour space into RGB or luma, but four inks only into CMYK.
void JpegImage::choose_colours(int64_t channels) {
  switch (info_.jpeg_color_space) {
    case JCS_GRAYSCALE:
    case JCS_YCbCr:
    case JCS_RGB:
      info_.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
      return;
    case JCS_CMYK:
    case JCS_YCCK:
      info_.out_color_space = JCS_CMYK;
      return;
    default:
      throw UnreadableImage("is a JPEG of " + std::to_string(info_.num_components) +
                            " components of unknown meaning; convert it to RGB");
  }
}

void JpegImage::choose_scale(const ImageRequest& request) {
  int scale = 1;
  while (scale < kScaleDenominator && (request.crop_width * scale < request.width * kScaleDenominator ||
                                       request.crop_height * scale < request.height * kScaleDenominator))
    ++scale;
  info_.scale_num = static_cast<unsigned>(scale);
  info_.scale_denom = kScaleDenominator;
}

// Starts decompression and returns the crop in pixels of the scaled image, rounded outwards.
PixelWindow JpegImage::start(const ImageRequest& request) {
  guarded([&] { jpeg_start_decompress(&info_); });
  const int64_t scale = info_.scale_num;
  const auto down = [scale](int64_t px) { return px * scale / kScaleDenominator; };
  const auto up = [scale](int64_t px) { return (px * scale + kScaleDenominator - 1) / kScaleDenominator; };
  PixelWindow window{down(request.crop_top), down(request.crop_left), 0, 0};
  window.height = std::min<int64_t>(up(request.crop_top + request.crop_height), info_.output_height) - window.top;
  window.width = std::min<int64_t>(up(request.crop_left + request.crop_width), info_.output_width) - window.left;

  const int64_t left = std::max<int64_t>(0, window.left - kUpsamplingMargin);
  const int64_t right = std::min<int64_t>(info_.output_width, window.left + window.width + kUpsamplingMargin);
  row_left_ = static_cast<JDIMENSION>(left);
  row_width_ = static_cast<JDIMENSION>(right - left);
  if (row_width_ < info_.output_width) guarded([&] { jpeg_crop_scanline(&info_, &row_left_, &row_width_); });
  return window;
}

// libjpeg writes into the block, but for colours that it leaves as inks.
void JpegImage::read_rows(const PixelWindow& window, PixelBlock& block) {
  std::vector<uint8_t> inks(is_inks() ? static_cast<size_t>(row_width_) * 4 : 0);
  uint8_t* const ink_row = inks.data();
  const bool accept = errors_.accept_truncated;
  if (accept) std::fill(block.pixels.begin(), block.pixels.end(), uint8_t{0});  // where damage ends decoding
  const bool done = succeeds([&] {
    if (window.top > 0) jpeg_skip_scanlines(&info_, static_cast<JDIMENSION>(window.top));
    for (int64_t y = 0; y < window.height; ++y) {
      JSAMPROW rows[] = {is_inks() ? ink_row : block.row(y) - block.offset};
      jpeg_read_scanlines(&info_, rows, 1);
      if (is_inks()) store_inks(ink_row + row_offset(window) * 4, block.row(y), window.width, block.channels);
    }
  });
  if (!done && !accept) fail();
}

// Pillow's conversion of CMYK.
void JpegImage::store_inks(const uint8_t* from, uint8_t* to, int64_t width, int64_t channels) const {
  // Adobe's files hold 255 minus the ink.
  const int inverted = info_.saw_Adobe_marker ? 0 : 255;
  for (int64_t x = 0; x < width; ++x, from += 4, to += channels) {
    const int key = from[3] ^ inverted;
    int light[3];
    for (int i = 0; i < 3; ++i) light[i] = std::max(0, key - over_255((255 - (from[i] ^ inverted)) * key));
    if (channels == 1)
      *to = luma(light[0], light[1], light[2]);
    else
      std::copy(light, light + 3, to);
  }
}

// Rows below the crop are not decoded, so their absence is seen by the end marker's: entropy-coded data cannot contain
// one. Where it is missing, the rows are decoded, since nothing but the marker may be.
void JpegImage::check_end() {
  if (errors_.accept_truncated || is_complete()) return;
  std::vector<uint8_t> row(static_cast<size_t>(info_.output_width) * static_cast<size_t>(info_.output_components));
  JSAMPROW rows[] = {row.data()};
  guarded([&] {
    while (info_.output_scanline < info_.output_height) jpeg_read_scanlines(&info_, rows, 1);
  });
}

bool JpegImage::is_complete() const {
  if (info_.unread_marker == JPEG_EOI || jpeg_input_complete(const_cast<jpeg_decompress_struct*>(&info_))) return true;
  return has_jpeg_end({info_.src->next_input_byte, info_.src->bytes_in_buffer});
}

}  // namespace

StoredImage jpeg_header(std::span<const uint8_t> file) { return JpegImage(file, true).stored(); }

bool has_jpeg_end(std::span<const uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.rfind(kEndMarker) != std::string_view::npos;
}

PixelBlock decode_jpeg(std::span<const uint8_t> file, const ImageRequest& request, int64_t channels,
                       const ImageReading& reading, const Placement& place) {
  const bool may_be_cut =
      reading.accept_truncated && !has_jpeg_end(file.last(std::min(file.size(), kEndMarker.size())));
  JpegImage image(may_be_cut ? file.first(whole_segments(file)) : file, reading.accept_truncated);
  return image.decode(place ? place(image.stored()) : request, channels);
}

}  // namespace dha::datasets
