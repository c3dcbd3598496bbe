#include "image_folder/written_images.hpp"

#include <png.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include <jpeglib.h>

namespace dha::datasets {

namespace {

void append(png_structp png, png_bytep bytes, png_size_t count) {
  auto* out = static_cast<std::vector<uint8_t>*>(png_get_io_ptr(png));
  out->insert(out->end(), bytes, bytes + count);
}

// libpng's default error handler ends the program, which is right for a test's own mistakes.
template <class SetHeader>
std::vector<uint8_t> write_png(const Picture& picture, int64_t row_bytes, const SetHeader& set_header,
                               const std::vector<uint8_t>& rows) {
  std::vector<uint8_t> out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &out, append, nullptr);
  set_header(png, info);
  png_write_info(png, info);
  const int passes = png_set_interlace_handling(png);
  for (int pass = 0; pass < passes; ++pass)
    for (int64_t y = 0; y < picture.height; ++y) png_write_row(png, rows.data() + y * row_bytes);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return out;
}

void set_header(png_structp png, png_infop info, const Picture& picture, int bits, int colour, bool interlaced) {
  png_set_IHDR(png, info, static_cast<png_uint_32>(picture.width), static_cast<png_uint_32>(picture.height), bits,
               colour, interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
}

J_COLOR_SPACE colours_of(const Picture& picture) {
  return picture.channels == 1 ? JCS_GRAYSCALE : picture.channels == 3 ? JCS_RGB : JCS_CMYK;
}

}  // namespace

Picture waves(int64_t height, int64_t width, int64_t channels) {
  Picture picture(height, width, channels);
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      for (int64_t c = 0; c < channels; ++c)
        picture.at(y, x, c) = static_cast<uint8_t>(std::lround(127.5 + 60 * std::sin(0.07 * double(x) + double(c)) +
                                                               60 * std::cos(0.05 * double(y) - double(c))));
  return picture;
}

std::vector<uint8_t> jpeg_bytes(const Picture& picture, const JpegKind& kind) {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long count = 0;
  jpeg_mem_dest(&info, &bytes, &count);
  info.image_width = static_cast<JDIMENSION>(picture.width);
  info.image_height = static_cast<JDIMENSION>(picture.height);
  info.input_components = static_cast<int>(picture.channels);
  info.in_color_space = colours_of(picture);
  jpeg_set_defaults(&info);
  if (kind.ycck) jpeg_set_colorspace(&info, JCS_YCCK);
  jpeg_set_quality(&info, kind.quality, TRUE);
  info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = picture.channels == 3 ? kind.sampling : 1;
  if (kind.progressive) jpeg_simple_progression(&info);
  info.restart_interval = static_cast<unsigned>(kind.restart_interval);
  jpeg_start_compress(&info, TRUE);
  for (int64_t y = 0; y < picture.height; ++y) {
    auto* row = const_cast<uint8_t*>(&picture.pixels[static_cast<size_t>(y * picture.width * picture.channels)]);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::vector<uint8_t> out(bytes, bytes + count);
  std::free(bytes);
  return out;
}

std::vector<uint8_t> png_bytes(const Picture& picture, int colour, int bits, bool interlaced) {
  std::vector<uint8_t> rows = picture.pixels;
  if (bits == 16) {
    rows.clear();
    for (const uint8_t value : picture.pixels) rows.insert(rows.end(), {value, 0});
  }
  return write_png(
      picture, picture.width * picture.channels * bits / 8,
      [&](png_structp png, png_infop info) { set_header(png, info, picture, bits, colour, interlaced); }, rows);
}

std::vector<uint8_t> palette_png_bytes(const Picture& indices, const std::vector<uint8_t>& palette) {
  return write_png(
      indices, indices.width,
      [&](png_structp png, png_infop info) {
        set_header(png, info, indices, 8, PNG_COLOR_TYPE_PALETTE, false);
        std::vector<png_color> colours;
        for (size_t i = 0; i + 2 < palette.size(); i += 3)
          colours.push_back({palette[i], palette[i + 1], palette[i + 2]});
        png_set_PLTE(png, info, colours.data(), static_cast<int>(colours.size()));
      },
      indices.pixels);
}

std::vector<uint8_t> bilevel_png_bytes(const Picture& picture) {
  const int64_t row_bytes = (picture.width + 7) / 8;
  std::vector<uint8_t> rows(static_cast<size_t>(row_bytes * picture.height));
  for (int64_t y = 0; y < picture.height; ++y)
    for (int64_t x = 0; x < picture.width; ++x)
      if (picture.at(y, x, 0) != 0)
        rows[static_cast<size_t>(y * row_bytes + x / 8)] |= static_cast<uint8_t>(0x80 >> (x % 8));
  return write_png(
      picture, row_bytes,
      [&](png_structp png, png_infop info) { set_header(png, info, picture, 1, PNG_COLOR_TYPE_GRAY, false); }, rows);
}

Picture read_png(const std::filesystem::path& path, int64_t channels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_file(&image, path.c_str()) == 0)
    throw std::runtime_error(path.string() + ": " + image.message);
  image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  Picture picture(image.height, image.width, channels);
  if (png_image_finish_read(&image, nullptr, picture.pixels.data(), 0, nullptr) == 0)
    throw std::runtime_error(path.string() + ": " + image.message);
  return picture;
}

}  // namespace dha::datasets
