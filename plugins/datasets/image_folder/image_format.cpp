#include "image_folder/image_format.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <string>
#include <string_view>

#include "image_folder/unreadable_image.hpp"
#include "image_folder/webp_image.hpp"

namespace dha::datasets {

namespace {

using namespace std::string_view_literals;

struct Signature {
  std::string_view bytes;
  size_t at;
};

// A format that is not read, and what makes a PNG of such a file: a shell command that %i (the file), %f (its first
// picture) and %o (a PNG in the same folder) go into. A PNG is named after all of the file's name, so that it replaces
// no other file.
struct OtherFormat {
  std::string_view name;
  std::string_view command;
  std::array<Signature, 6> signatures;  // any of them; the rest is empty
};

constexpr OtherFormat kOtherFormats[] = {
    {"a GIF", "convert %f %o", {{{"GIF87a"sv, 0}, {"GIF89a"sv, 0}}}},
    {"a TIFF", "convert %f -auto-orient %o", {{{"II*\0"sv, 0}, {"MM\0*"sv, 0}, {"II+\0"sv, 0}, {"MM\0+"sv, 0}}}},
    {"an AVIF", "heif-convert %i %o", {{{"ftypavif"sv, 4}, {"ftypavis"sv, 4}}}},
    {"a HEIC",
     "heif-convert %i %o",
     {{{"ftypheic"sv, 4},
       {"ftypheix"sv, 4},
       {"ftyphevc"sv, 4},
       {"ftyphevx"sv, 4},
       {"ftypmif1"sv, 4},
       {"ftypmsf1"sv, 4}}}},
    {"a JPEG XL", "djxl %i %o", {{{"\0\0\0\x0CJXL \r\n\x87\n"sv, 0}, {"\xFF\x0A"sv, 0}}}},
    {"a Photoshop", "convert %f %o", {{{"8BPS\0\1"sv, 0}}}},
    {"a JPEG 2000", "convert %i %o", {{{"\0\0\0\x0CjP  \r\n\x87\n"sv, 0}, {"\xFF\x4F\xFF\x51"sv, 0}}}},
    {"a PDF", "pdftoppm -png -singlefile %i %i", {{{"%PDF-"sv, 0}}}},
};
constexpr std::string_view kBmpCommand = "convert %i %o", kPnmCommand = "convert %i %o",
                           kSvgCommand = "rsvg-convert -o %o %i";
constexpr std::string_view kFirstFrameCommand = "webpmux -get frame 1 %i -o %i";

bool is_at(std::string_view beginning, const Signature& signature) {
  return !signature.bytes.empty() && beginning.size() >= signature.at &&
         beginning.substr(signature.at, signature.bytes.size()) == signature.bytes;
}

bool is_bmp(std::string_view beginning) { return is_at(beginning, {"BM"sv, 0}) && is_at(beginning, {"\0\0\0\0"sv, 6}); }

// Of any of its kinds, such as PPM and PGM.
bool is_pnm(std::string_view beginning) {
  return beginning.size() > 2 && beginning[0] == 'P' && beginning[1] >= '1' && beginning[1] <= '6' &&
         std::string_view(" \t\r\n#").find(beginning[2]) != std::string_view::npos;
}

// SVG is text, which has its element behind a declaration and comments.
bool is_svg(std::string_view beginning) {
  beginning.remove_prefix(std::min(beginning.find_first_not_of("\xEF\xBB\xBF \t\r\n"), beginning.size()));
  for (const std::string_view first : {"<svg", "<?xml", "<!--", "<!DOCTYPE svg"})
    if (beginning.starts_with(first)) return beginning.find("<svg") != std::string_view::npos;
  return false;
}

std::string shell_quoted(std::string name) {
  // Neither an option nor, as ImageMagick reads a colon, the name of a format.
  if (!name.starts_with('/') && !name.starts_with('.')) name.insert(0, "./");
  std::string quoted = "'";
  for (const char letter : name) {
    if (letter == '\'')
      quoted += "'\\''";
    else
      quoted += letter;
  }
  return quoted + "'";
}

std::string completed(std::string_view command, const std::filesystem::path& path) {
  std::string text;
  for (size_t i = 0; i < command.size(); ++i) {
    if (command[i] != '%') {
      text += command[i];
    } else {
      const char part = command[++i];
      text += shell_quoted(path.string() + (part == 'f' ? "[0]" : part == 'o' ? ".png" : ""));
    }
  }
  return text;
}

[[noreturn]] void refuse(std::string_view name, std::string_view command, const std::filesystem::path& path) {
  throw UnreadableImage("is " + std::string(name) + " image, which dha does not read; convert it: " +
                        completed(command, path) + " && rm " + shell_quoted(path.string()));
}

bool is_html(std::string_view beginning) {
  std::string start(beginning.substr(0, 512));
  std::transform(start.begin(), start.end(), start.begin(), [](unsigned char c) { return std::tolower(c); });
  return start.find_first_not_of("\xEF\xBB\xBF \t\r\n") == start.find('<') && start.find("<html") != std::string::npos;
}

[[noreturn]] void refuse_unknown(std::string_view beginning) {
  if (beginning.empty()) throw UnreadableImage("is empty (0 bytes)");
  if (beginning.starts_with("version https://git-lfs"))
    throw UnreadableImage("is a pointer of Git LFS, not an image; fetch the images with: git lfs pull");
  if (is_html(beginning)) throw UnreadableImage("is a web page, not an image; fetch the image again");
  std::string found;
  for (const char byte : beginning.substr(0, 4)) {
    std::array<char, 4> text;
    std::snprintf(text.data(), text.size(), " %02x", static_cast<unsigned char>(byte));
    found += text.data();
  }
  throw UnreadableImage("is not a JPEG, PNG or WebP image: it begins with the bytes" + found);
}

}  // namespace

ImageFormat image_format(std::span<const uint8_t> bytes, const std::filesystem::path& path) {
  const std::string_view beginning(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (beginning.starts_with("\xFF\xD8\xFF"sv)) return ImageFormat::kJpeg;
  if (beginning.starts_with("\x89PNG\r\n\x1A\n"sv)) return ImageFormat::kPng;
  if (beginning.starts_with("RIFF"sv) && is_at(beginning, {"WEBP"sv, 8})) {
    if (!is_animated_webp(bytes)) return ImageFormat::kWebp;
    throw UnreadableImage("is an animated WebP image, which dha does not read; extract its first frame: " +
                          completed(kFirstFrameCommand, path));
  }
  for (const OtherFormat& format : kOtherFormats)
    for (const Signature& signature : format.signatures)
      if (is_at(beginning, signature)) refuse(format.name, format.command, path);
  if (is_bmp(beginning)) refuse("a BMP", kBmpCommand, path);
  if (is_pnm(beginning)) refuse("a PNM", kPnmCommand, path);
  if (is_svg(beginning)) refuse("an SVG", kSvgCommand, path);
  refuse_unknown(beginning);
}

}  // namespace dha::datasets
