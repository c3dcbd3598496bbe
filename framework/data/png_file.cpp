#include "data/png_file.hpp"

#include <ATen/ops/empty.h>
#include <fmt/format.h>
#include <png.h>

#include <csetjmp>
#include <cstring>
#include <string>
#include <vector>

#include "dha/error.hpp"
#include "storage/atomic_file.hpp"

namespace dha {

namespace {

constexpr int64_t kLargestSide = 32767;
constexpr int64_t kMostPixels = 100'000'000;  // what limits the memory that a header of a few bytes can claim
constexpr png_uint_32 kNoLimit = 0x7fffffff;  // of libpng, whose own limits it reports unclearly
constexpr size_t kSignatureSize = 8;

// libpng leaves a failed call by longjmp, which skips destructors. So the functions that call it own nothing: they get
// their memory from outside, and hand what went wrong to `text`.
struct PngFailure {
  char text[128] = "";
};

[[noreturn]] void fail(png_structp png, png_const_charp text) {
  auto* failure = static_cast<PngFailure*>(png_get_error_ptr(png));
  std::strncpy(failure->text, text, sizeof failure->text - 1);
  png_longjmp(png, 1);
}

void ignore_warning(png_structp, png_const_charp) {}

struct Bytes {
  const char* next;
  size_t left;
};

void take_bytes(png_structp png, png_bytep target, size_t size) {
  auto* bytes = static_cast<Bytes*>(png_get_io_ptr(png));
  if (size > bytes->left) png_error(png, "the file ends too early");
  std::memcpy(target, bytes->next, size);
  bytes->next += size;
  bytes->left -= size;
}

// A reader and what it has read of the file so far.
class PngReader {
 public:
  explicit PngReader(const std::string& content)
      : bytes_{content.data(), content.size()},
        png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, &failure_, fail, ignore_warning)) {
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw Error(ErrorCode::kInternal, "libpng could not be set up");
    }
    png_set_read_fn(png_, &bytes_, take_bytes);
    png_set_user_limits(png_, kNoLimit, kNoLimit);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  // All return false after a failure.
  bool read_header() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_info(png_, info_);
    return true;
  }

  // Takes memory for rows of the width that the header says.
  bool choose_pixels() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_expand(png_);    // palettes, and grey values of fewer than 8 bits
    png_set_scale_16(png_);  // rounds, where png_set_strip_16 would cut
    png_set_strip_alpha(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  bool read_rows(png_bytepp rows) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_image(png_, rows);
    png_read_end(png_, nullptr);
    return true;
  }

  int64_t channels() const { return png_get_channels(png_, info_); }
  int64_t height() const { return png_get_image_height(png_, info_); }
  int64_t width() const { return png_get_image_width(png_, info_); }
  const char* failure() const { return failure_.text; }

 private:
  Bytes bytes_;
  PngFailure failure_;
  png_structp png_;
  png_infop info_ = nullptr;
};

class PngWriter {
 public:
  PngWriter() : png_(png_create_write_struct(PNG_LIBPNG_VER_STRING, &failure_, fail, ignore_warning)) {
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_write_struct(&png_, nullptr);
      throw Error(ErrorCode::kInternal, "libpng could not be set up");
    }
    png_set_write_fn(png_, &content_, append, nullptr);
  }
  ~PngWriter() { png_destroy_write_struct(&png_, &info_); }
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;

  // `rows` of interleaved channels. False after a failure.
  bool write(int channels, png_uint_32 height, png_uint_32 width, png_bytepp rows) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_user_limits(png_, kNoLimit, kNoLimit);
    png_set_IHDR(png_, info_, width, height, 8, channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png_, info_);
    png_write_image(png_, rows);
    png_write_end(png_, nullptr);
    return true;
  }

  const std::string& content() const { return content_; }
  const char* failure() const { return failure_.text; }

 private:
  static void append(png_structp png, png_bytep data, size_t size) {
    try {
      static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(data), size);
      return;
    } catch (const std::bad_alloc&) {
    }
    png_error(png, "out of memory");
  }

  std::string content_;
  PngFailure failure_;
  png_structp png_;
  png_infop info_ = nullptr;
};

// Where each row of an interleaved image (height, width, channels) begins.
std::vector<png_bytep> row_pointers(const at::Tensor& interleaved) {
  auto* first = static_cast<uint8_t*>(interleaved.data_ptr());
  std::vector<png_bytep> rows;
  for (int64_t row = 0; row < interleaved.size(0); ++row) rows.push_back(first + row * interleaved.stride(0));
  return rows;
}

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& reason) {
  throw Error(ErrorCode::kData, fmt::format("'{}' cannot be read as a PNG: {}", file.string(), reason));
}

}  // namespace

at::Tensor read_png(const std::filesystem::path& file) {
  const std::string content = read_input_file(file);
  if (content.size() < kSignatureSize ||
      png_sig_cmp(reinterpret_cast<png_const_bytep>(content.data()), 0, kSignatureSize) != 0)
    refuse(file, "it is a file of another format; convert it to PNG first");
  PngReader reader(content);
  if (!reader.read_header()) refuse(file, reader.failure());
  if (reader.height() > kLargestSide || reader.width() > kLargestSide)
    refuse(file, fmt::format("it has {} x {} px, at most {} per side are possible", reader.width(), reader.height(),
                             kLargestSide));
  if (reader.height() * reader.width() > kMostPixels)
    refuse(file, fmt::format("it has {} x {} px, more than the limit of {} px", reader.width(), reader.height(),
                             kMostPixels));
  if (!reader.choose_pixels()) refuse(file, reader.failure());
  const at::Tensor interleaved = at::empty({reader.height(), reader.width(), reader.channels()}, at::kByte);
  std::vector<png_bytep> rows = row_pointers(interleaved);
  if (!reader.read_rows(rows.data())) refuse(file, reader.failure());
  return interleaved.permute({2, 0, 1}).contiguous();
}

void write_png(const std::filesystem::path& file, const at::Tensor& image) {
  const at::Tensor interleaved = image.permute({1, 2, 0}).contiguous();
  std::vector<png_bytep> rows = row_pointers(interleaved);
  PngWriter writer;
  if (!writer.write(static_cast<int>(image.size(0)), static_cast<png_uint_32>(image.size(1)),
                    static_cast<png_uint_32>(image.size(2)), rows.data()))
    throw Error(ErrorCode::kIo, fmt::format("cannot create the PNG '{}': {}", file.string(), writer.failure()));
  write_file_atomically(file, writer.content());
}

}  // namespace dha
