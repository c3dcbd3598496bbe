#include "image_folder/image_kind.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace dha::datasets {

namespace {

using std::string_view_literals::operator""sv;

constexpr size_t kFirstBytes = 16;

bool is_bitmap(std::string_view bytes) {
  // "BM" alone begins many texts: four reserved bytes are zero, and a header of a known size follows.
  constexpr std::string_view kHeaderSizes = "\x0c\x10\x28\x34\x38\x40\x6c\x7c"sv;
  return bytes.size() == kFirstBytes && bytes.starts_with("BM") && bytes.substr(6, 4) == "\0\0\0\0"sv &&
         kHeaderSizes.find(bytes[14]) != std::string_view::npos && bytes[15] == 0;
}

// AVIF and HEIF are kinds of one container.
bool is_heif(std::string_view bytes) {
  constexpr std::array kBrands = {"avif"sv, "avis"sv, "heic"sv, "heix"sv, "heim"sv, "heis"sv,
                                  "hevc"sv, "hevx"sv, "heif"sv, "mif1"sv, "msf1"sv};
  return bytes.size() >= 12 && bytes.substr(4, 4) == "ftyp" &&
         std::find(kBrands.begin(), kBrands.end(), bytes.substr(8, 4)) != kBrands.end();
}

bool is_image(std::string_view bytes) {
  constexpr std::array kMagic = {"\xff\xd8\xff"sv,
                                 "\x89PNG\r\n\x1a\n"sv,
                                 "GIF87a"sv,
                                 "GIF89a"sv,
                                 "II*\0"sv,
                                 "MM\0*"sv,
                                 "II+\0"sv,
                                 "MM\0+"sv,
                                 "\0\0\0\x0cjP  \r\n\x87\n"sv,
                                 "\xff\x4f\xff\x51"sv,
                                 "\0\0\0\x0cJXL \r\n\x87\n"sv,
                                 "8BPS\0\1"sv};
  return std::any_of(kMagic.begin(), kMagic.end(), [&](std::string_view magic) { return bytes.starts_with(magic); }) ||
         (bytes.starts_with("RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP") || is_bitmap(bytes) ||
         is_heif(bytes);
}

}  // namespace

std::string extension_of(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size()) return "";
  std::string extension(name.substr(dot));
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return extension;
}

bool has_image_extension(std::string_view name) {
  constexpr std::array kExtensions = {".jpg"sv,  ".jpeg"sv, ".jpe"sv, ".jfif"sv, ".png"sv,  ".webp"sv,
                                      ".gif"sv,  ".bmp"sv,  ".tif"sv, ".tiff"sv, ".avif"sv, ".heic"sv,
                                      ".heif"sv, ".jp2"sv,  ".j2k"sv, ".jpf"sv,  ".jpx"sv,  ".jxl"sv,
                                      ".pbm"sv,  ".pgm"sv,  ".ppm"sv, ".pnm"sv,  ".psd"sv,  ".svg"sv};
  return std::find(kExtensions.begin(), kExtensions.end(), extension_of(name)) != kExtensions.end();
}

bool begins_like_image(const std::filesystem::path& file) {
  // Were the file replaced by a pipe since it was listed, opening it must not wait for a writer.
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return false;
  std::array<char, kFirstBytes> bytes;
  const ssize_t count = read(descriptor, bytes.data(), bytes.size());
  close(descriptor);
  return count > 0 && is_image(std::string_view(bytes.data(), static_cast<size_t>(count)));
}

}  // namespace dha::datasets
