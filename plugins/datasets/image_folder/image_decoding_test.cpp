// Decoding of JPEG, PNG and WebP: every kind of pixels, crops and scales, and files that are damaged or hostile.
#include <png.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <random>

#include "image_folder/image_file.hpp"
#include "image_folder/image_format.hpp"
#include "image_folder/jpeg_image.hpp"
#include "image_folder/orientation.hpp"
#include "image_folder/png_image.hpp"
#include "image_folder/unreadable_image.hpp"
#include "image_folder/webp_image.hpp"
#include "image_folder/written_images.hpp"
#include "shared/dataset_fixture.hpp"

namespace dha::datasets {

namespace {

using Bytes = std::vector<uint8_t>;

// The whole of a picture at its own size.
ImageRequest whole(const Picture& picture) {
  return {0, 0, picture.height, picture.width, picture.height, picture.width, false};
}

// Largest difference between a block, which is a crop of whole pixels, and the part of a picture from (top, left) on.
int difference(const PixelBlock& block, const Picture& picture, int64_t top = 0, int64_t left = 0) {
  int largest = 0;
  for (int64_t y = 0; y < block.height; ++y)
    for (int64_t x = 0; x < block.width; ++x)
      for (int64_t c = 0; c < block.channels; ++c)
        largest = std::max(largest, std::abs(block.row(y)[x * block.channels + c] - picture.at(top + y, left + x, c)));
  return largest;
}

Picture grey_of(const Picture& picture) {
  Picture grey(picture.height, picture.width, 1);
  for (int64_t y = 0; y < picture.height; ++y)
    for (int64_t x = 0; x < picture.width; ++x)
      grey.at(y, x, 0) = luma(picture.at(y, x, 0), picture.at(y, x, 1), picture.at(y, x, 2));
  return grey;
}

Picture rgb_of(const Picture& grey) {
  Picture rgb(grey.height, grey.width, 3);
  for (int64_t y = 0; y < grey.height; ++y)
    for (int64_t x = 0; x < grey.width; ++x)
      for (int64_t c = 0; c < 3; ++c) rgb.at(y, x, c) = grey.at(y, x, 0);
  return rgb;
}

// What inks look like, where `full` is the value of a full ink.
Picture rgb_of_inks(const Picture& inks, int full) {
  Picture rgb(inks.height, inks.width, 3);
  for (int64_t y = 0; y < inks.height; ++y)
    for (int64_t x = 0; x < inks.width; ++x)
      for (int64_t c = 0; c < 3; ++c) {
        const int light = std::abs(full - inks.at(y, x, c)), key = std::abs(full - inks.at(y, x, 3));
        rgb.at(y, x, c) = static_cast<uint8_t>((light * key + 127) / 255);
      }
  return rgb;
}

// The colours composed on white by the opacity behind them.
Picture on_white(const Picture& picture) {
  Picture opaque(picture.height, picture.width, picture.channels - 1);
  for (int64_t y = 0; y < picture.height; ++y)
    for (int64_t x = 0; x < picture.width; ++x)
      for (int64_t c = 0; c < opaque.channels; ++c) {
        const double opacity = picture.at(y, x, opaque.channels) / 255.0;
        opaque.at(y, x, c) = static_cast<uint8_t>(std::lround(picture.at(y, x, c) * opacity + 255 * (1 - opacity)));
      }
  return opaque;
}

// Why `call` finds an image unreadable; that it does is checked.
template <class Call>
std::string reason(const Call& call) {
  try {
    call();
  } catch (const UnreadableImage& error) {
    return error.what();
  }
  BOOST_ERROR("the image was read");
  return "";
}

std::filesystem::path golden_folder() { return test::source_dir() / "tests/golden/image_folder/reading"; }

}  // namespace

BOOST_AUTO_TEST_SUITE(jpeg)

BOOST_AUTO_TEST_CASE(reads_sizes_from_headers) {
  for (const int64_t channels : {1, 3, 4}) {
    const ImageSize size = jpeg_header(jpeg_bytes(waves(33, 70, channels))).size;
    BOOST_TEST(size.height == 33);
    BOOST_TEST(size.width == 70);
  }
}

BOOST_AUTO_TEST_CASE(decodes_colour_and_grey_to_either) {
  const Picture colour = waves(41, 67, 3), grey = waves(41, 67, 1);
  for (const bool progressive : {false, true}) {
    const Bytes colour_file = jpeg_bytes(colour, {.quality = 100, .progressive = progressive});
    const Bytes grey_file = jpeg_bytes(grey, {.quality = 100, .progressive = progressive});
    BOOST_TEST(difference(decode_jpeg(colour_file, whole(colour), 3), colour) <= 4);
    BOOST_TEST(difference(decode_jpeg(colour_file, whole(colour), 1), grey_of(colour)) <= 3);
    BOOST_TEST(difference(decode_jpeg(grey_file, whole(grey), 1), grey) <= 3);
    BOOST_TEST(difference(decode_jpeg(grey_file, whole(grey), 3), rgb_of(grey)) <= 3);
  }
}

BOOST_AUTO_TEST_CASE(decodes_inks) {
  const Picture inks = waves(24, 40, 4);
  for (const bool ycck : {false, true}) {
    const Bytes file = jpeg_bytes(inks, {.quality = 100, .ycck = ycck});
    const Picture expected = rgb_of_inks(inks, 0);  // Adobe's marker: a full ink is 0
    BOOST_TEST(difference(decode_jpeg(file, whole(inks), 3), expected) <= 6);
    BOOST_TEST(difference(decode_jpeg(file, whole(inks), 1), grey_of(expected)) <= 6);
  }
  Bytes unmarked = jpeg_bytes(inks, {.quality = 100});
  const std::string adobe = "Adobe";
  const auto marker = std::search(unmarked.begin(), unmarked.end(), adobe.begin(), adobe.end());
  BOOST_REQUIRE((marker != unmarked.end()));
  *marker = 'X';
  BOOST_TEST(difference(decode_jpeg(unmarked, whole(inks), 3), rgb_of_inks(inks, 255)) <= 6);
}

// A crop is the same pixels that decoding everything gives, wherever it lies.
BOOST_AUTO_TEST_CASE(decodes_crops_as_parts_of_the_whole) {
  const Picture picture = waves(97, 131, 3);
  std::mt19937 random(7);
  for (const JpegKind& kind : {JpegKind{}, JpegKind{.sampling = 2}, JpegKind{.sampling = 2, .progressive = true},
                               JpegKind{.sampling = 2, .restart_interval = 3}}) {
    const Bytes file = jpeg_bytes(picture, kind);
    Picture decoded(97, 131, 3);
    decoded.pixels = decode_jpeg(file, whole(picture), 3).pixels;
    for (int i = 0; i < 60; ++i) {
      const auto top = static_cast<int64_t>(random() % 97), left = static_cast<int64_t>(random() % 131);
      const auto height = static_cast<int64_t>(1 + random() % static_cast<unsigned>(97 - top));
      const auto width = static_cast<int64_t>(1 + random() % static_cast<unsigned>(131 - left));
      BOOST_TEST_CONTEXT("crop " << top << " " << left << " " << height << " " << width << ", sampling "
                                 << kind.sampling << ", progressive " << kind.progressive) {
        const PixelBlock crop = decode_jpeg(file, {top, left, height, width, height, width, false}, 3);
        BOOST_REQUIRE(crop.height == height);
        BOOST_REQUIRE(crop.width == width);
        BOOST_TEST(difference(crop, decoded, top, left) == 0);
      }
    }
  }
}

// A scaled crop covers the same part of the picture as an unscaled one.
BOOST_AUTO_TEST_CASE(scales_crops_while_decoding) {
  const Picture picture = waves(320, 400, 3);
  const Bytes file = jpeg_bytes(picture, {.sampling = 2});
  for (int64_t size = 20; size <= 160; size += 20) {
    const PixelBlock block = decode_jpeg(file, {37, 51, 160, 168, size, size, false}, 3);
    BOOST_TEST(block.crop_height >= static_cast<double>(size));
    BOOST_TEST(block.crop_height < static_cast<double>(size + 20));
    BOOST_TEST(block.crop_top + block.crop_height <= static_cast<double>(block.height));
    BOOST_TEST(block.crop_left + block.crop_width <= static_cast<double>(block.width));
    const double scale = 160 / block.crop_height;  // px of the picture per px of the block
    int largest = 0;
    for (int64_t y = 0; y < block.height; ++y)
      for (int64_t x = 0; x < block.width; ++x) {
        const double at_y = 37 + (double(y) + 0.5 - block.crop_top) * scale - 0.5;
        const double at_x = 51 + (double(x) + 0.5 - block.crop_left) * scale - 0.5;
        for (int64_t c = 0; c < 3; ++c)
          largest = std::max(largest,
                             std::abs(block.row(y)[x * 3 + c] - picture.at(std::lround(at_y), std::lround(at_x), c)));
      }
    BOOST_TEST(largest <= 12, "size " << size << ": a pixel differs by " << largest);
  }
}

BOOST_AUTO_TEST_CASE(sees_truncation_wherever_the_crop_lies) {
  const Picture picture = waves(200, 160, 3);
  for (const bool progressive : {false, true}) {
    const Bytes file = jpeg_bytes(picture, {.progressive = progressive});
    for (const size_t kept : {file.size() - 40, file.size() / 2, file.size() / 5}) {
      const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(kept));
      for (const int64_t top : {0, 150})
        BOOST_TEST_CONTEXT(kept << " of " << file.size() << " bytes, crop from " << top << " on")
      BOOST_TEST(reason([&] {
                   decode_jpeg(cut, {top, 10, 40, 40, 40, 40, false}, 3);
                 }) == "is a truncated JPEG: its data end too early");
    }
  }
}

BOOST_AUTO_TEST_CASE(accepts_bytes_behind_the_end_marker) {
  const Picture picture = waves(40, 40, 3);
  Bytes file = jpeg_bytes(picture, {.quality = 100});
  file.insert(file.end(), 100, 0x55);
  BOOST_TEST(difference(decode_jpeg(file, whole(picture), 3), picture) <= 4);
  BOOST_TEST(difference(decode_jpeg(file, {0, 0, 8, 8, 8, 8, false}, 3), picture) <= 4);
}

BOOST_AUTO_TEST_CASE(refuses_more_pixels_than_memory_is_for) {
  Bytes file = jpeg_bytes(waves(16, 16, 3));
  const auto frame =
      std::adjacent_find(file.begin(), file.end(), [](uint8_t a, uint8_t b) { return a == 0xff && b == 0xc0; });
  BOOST_REQUIRE((frame != file.end()));
  for (int i = 5; i < 9; ++i) frame[i] = 0xff;  // height and width
  // 65,500 is libjpeg's own limit of a side.
  frame[5] = frame[7] = 0xf0;
  check_contains(reason([&] { jpeg_header(file); }), "has 61695 x 61695 px, more than the 100000000 px");
}

// Whatever the bytes, decoding ends with pixels or with a reason.
BOOST_AUTO_TEST_CASE(survives_random_damage) {
  const Picture picture = waves(64, 80, 3);
  std::mt19937 random(11);
  int refused = 0;
  for (const JpegKind& kind :
       {JpegKind{.sampling = 2}, JpegKind{.progressive = true}, JpegKind{.restart_interval = 2}}) {
    const Bytes file = jpeg_bytes(picture, kind);
    for (int i = 0; i < 300; ++i) {
      Bytes damaged = file;
      for (unsigned k = 0; k < 1 + random() % 4; ++k)
        damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
      try {
        const ImageSize size = jpeg_header(damaged).size;
        if (size.height < 8 || size.width < 8) continue;
        const ImageRequest request{size.height / 3, size.width / 4, size.height / 2, size.width / 2, 5, 9, false};
        BOOST_TEST(!decode_jpeg(damaged, request, 3).pixels.empty());
      } catch (const UnreadableImage&) {
        ++refused;
      }
    }
  }
  BOOST_TEST(refused > 10);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(png)

BOOST_AUTO_TEST_CASE(decodes_every_kind_of_pixels) {
  const Picture grey = waves(13, 21, 1), grey_alpha = waves(13, 21, 2), rgb = waves(13, 21, 3), rgba = waves(13, 21, 4);
  struct Kind {
    const Picture& stored;
    int colour;
    Picture as_rgb;
  };
  const Kind kinds[] = {{grey, PNG_COLOR_TYPE_GRAY, rgb_of(grey)},
                        {grey_alpha, PNG_COLOR_TYPE_GRAY_ALPHA, rgb_of(on_white(grey_alpha))},
                        {rgb, PNG_COLOR_TYPE_RGB, rgb},
                        {rgba, PNG_COLOR_TYPE_RGB_ALPHA, on_white(rgba)}};
  for (const Kind& kind : kinds)
    for (const int bits : {8, 16})
      for (const bool interlaced : {false, true})
        BOOST_TEST_CONTEXT("colour type " << kind.colour << ", " << bits << " bits, interlaced " << interlaced) {
          const Bytes file = png_bytes(kind.stored, kind.colour, bits, interlaced);
          // 256 v of 65,535 is just below v of 255, and so is opacity.
          const int tolerance = bits == 16 ? kind.stored.channels % 2 == 0 ? 2 : 1 : 0;
          BOOST_TEST(difference(decode_png(file, whole(rgb), 3), kind.as_rgb) <= tolerance);
          BOOST_TEST(difference(decode_png(file, whole(rgb), 1), grey_of(kind.as_rgb)) <= tolerance);
        }
}

BOOST_AUTO_TEST_CASE(decodes_palettes_and_single_bits) {
  Picture indices(4, 10, 1);
  for (size_t i = 0; i < 40; ++i) indices.pixels[i] = static_cast<uint8_t>(i % 3);
  const Bytes palette = {255, 0, 10, 20, 30, 40, 7, 200, 0};
  Picture colours(4, 10, 3), bits(4, 10, 1);
  for (int64_t y = 0; y < 4; ++y)
    for (int64_t x = 0; x < 10; ++x) {
      for (int64_t c = 0; c < 3; ++c) colours.at(y, x, c) = palette[static_cast<size_t>(indices.at(y, x, 0) * 3 + c)];
      bits.at(y, x, 0) = indices.at(y, x, 0) == 1;
    }
  BOOST_TEST(difference(decode_png(palette_png_bytes(indices, palette), whole(colours), 3), colours) == 0);
  BOOST_TEST(difference(decode_png(palette_png_bytes(indices, palette), whole(colours), 1), grey_of(colours)) == 0);
  const PixelBlock black_or_white = decode_png(bilevel_png_bytes(bits), whole(bits), 1);
  for (size_t i = 0; i < 40; ++i) BOOST_TEST(black_or_white.pixels[i] == bits.pixels[i] * 255);
}

BOOST_AUTO_TEST_CASE(decodes_crops_as_parts_of_the_whole) {
  const Picture picture = waves(31, 27, 3);
  for (const bool interlaced : {false, true}) {
    const Bytes file = png_bytes(picture, PNG_COLOR_TYPE_RGB, 8, interlaced);
    for (const auto& [top, left, height, width] :
         {std::array<int64_t, 4>{0, 0, 31, 27}, {5, 6, 7, 8}, {30, 26, 1, 1}, {0, 20, 31, 7}, {24, 0, 7, 27}}) {
      const PixelBlock crop = decode_png(file, {top, left, height, width, 9, 9, false}, 3);
      BOOST_TEST(crop.height == height);
      BOOST_TEST(crop.width == width);
      BOOST_TEST(difference(crop, picture, top, left) == 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(sees_truncation_wherever_the_crop_lies) {
  const Bytes file = png_bytes(waves(200, 160, 3), PNG_COLOR_TYPE_RGB);
  for (const size_t kept : {file.size() - 100, file.size() / 2, size_t{60}}) {
    const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(kept));
    for (const int64_t top : {0, 150})
      BOOST_TEST(reason([&] {
                   decode_png(cut, {top, 10, 40, 40, 40, 40, false}, 3);
                 }) == "is a truncated PNG: its data end too early");
  }
}

BOOST_AUTO_TEST_CASE(survives_random_damage) {
  std::mt19937 random(12);
  int refused = 0;
  for (const bool interlaced : {false, true}) {
    const Bytes file = png_bytes(waves(40, 30, 4), PNG_COLOR_TYPE_RGB_ALPHA, 16, interlaced);
    for (int i = 0; i < 300; ++i) {
      Bytes damaged = file;
      damaged[random() % damaged.size()] ^= static_cast<uint8_t>(1 + random() % 255);
      try {
        const ImageSize size = png_header(damaged).size;
        BOOST_TEST(!decode_png(damaged, {0, 0, size.height, size.width, 5, 9, false}, 1).pixels.empty());
      } catch (const UnreadableImage&) {
        ++refused;
      }
    }
  }
  BOOST_TEST(refused > 300);  // the compressed data have a checksum of their own
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(webp)

BOOST_AUTO_TEST_CASE(decodes_crops_as_parts_of_the_whole) {
  for (const char* name : {"lossy.webp", "lossless.webp", "lossy_alpha.webp"}) {
    const Bytes file = read_bytes(golden_folder() / name);
    const ImageSize size = webp_header(file).size;
    Picture all(size.height, size.width, 3);
    all.pixels = decode_webp(file, whole(all), 3).pixels;
    for (int64_t top = 0; top < size.height; ++top)
      for (int64_t left = 0; left < size.width; ++left) {
        const int64_t height = std::min<int64_t>(3, size.height - top), width = std::min<int64_t>(5, size.width - left);
        const PixelBlock crop = decode_webp(file, {top, left, height, width, 1, 1, false}, 3);
        BOOST_TEST(difference(crop, all, top, left) == 0, name << " " << top << " " << left);
      }
  }
}

BOOST_AUTO_TEST_CASE(sees_truncation_and_survives_damage) {
  const Bytes file = read_bytes(golden_folder() / "lossy_alpha.webp");
  for (size_t kept = 30; kept < file.size(); kept += 7)
    BOOST_TEST(reason([&] {
                 decode_webp(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(kept)),
                             {0, 0, 1, 1, 1, 1, false}, 3);
               }) == "is a truncated WebP: its data end too early");
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    Bytes damaged = file;
    damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
    try {
      const ImageSize size = webp_header(damaged).size;
      BOOST_TEST(!decode_webp(damaged, {0, 0, size.height, size.width, 1, 1, false}, 3).pixels.empty());
    } catch (const UnreadableImage&) {
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(image_file)

struct FileFixture {
  test::TemporaryDirectory directory;
  std::filesystem::path path = directory.path() / "image";

  std::string size_reason(const Bytes& bytes) {
    write_bytes(path, bytes);
    return reason([&] { read_image_size(path); });
  }
};

BOOST_FIXTURE_TEST_CASE(decides_by_the_first_bytes, FileFixture) {
  const Picture picture = waves(20, 30, 3);
  path += ".jpg";
  write_bytes(path, png_bytes(picture, PNG_COLOR_TYPE_RGB));
  const ImageSize size = read_image_size(path);
  BOOST_TEST(size.height == 20);
  BOOST_TEST(size.width == 30);
  Bytes pixels(20 * 30 * 3);
  read_image(path, size, whole(picture), 3, pixels.data());
  BOOST_TEST(pixels[2 * 600 + 7 * 30 + 4] == picture.at(7, 4, 2));
}

BOOST_FIXTURE_TEST_CASE(says_why_a_file_is_no_image, FileFixture) {
  BOOST_TEST(reason([&] { read_image_size(path); }) == "cannot be opened: No such file or directory");
  BOOST_TEST(size_reason({}) == "is empty (0 bytes)");
  BOOST_TEST(size_reason({'t', 'e', 'x', 't', 's'}) ==
             "is not a JPEG, PNG or WebP image: it begins with the bytes 74 65 78 74");
  const auto text_reason = [this](std::string_view text) { return size_reason(Bytes(text.begin(), text.end())); };
  BOOST_TEST(text_reason("version https://git-lfs.github.com/spec/v1\noid sha256:4d\n") ==
             "is a pointer of Git LFS, not an image; fetch the images with: git lfs pull");
  BOOST_TEST(text_reason(" <!DOCTYPE HTML>\n<HTML lang=\"en\">") ==
             "is a web page, not an image; fetch the image again");
  BOOST_TEST(size_reason({0xff, 0xd8, 0xff}) == "is a damaged JPEG: JPEG datastream contains no image");
  Bytes jpeg = jpeg_bytes(waves(4, 4, 1), {});
  const std::array<uint8_t, 2> frame = {0xff, 0xc0};
  *(std::search(jpeg.begin(), jpeg.end(), frame.begin(), frame.end()) + 4) = 12;
  check_contains(size_reason(jpeg), "is a JPEG of a kind that is not read, lossless or of 12 bits per sample");
  const Bytes png = png_bytes(waves(4, 4, 1), PNG_COLOR_TYPE_GRAY);
  BOOST_TEST(size_reason(Bytes(png.begin(), png.begin() + 20)) == "is a truncated PNG: its data end too early");
}

BOOST_FIXTURE_TEST_CASE(refuses_other_formats_with_a_command, FileFixture) {
  const auto refusal = [&](std::string_view content) { return size_reason(Bytes(content.begin(), content.end())); };
  path = path.parent_path() / "it's";
  const std::string name = "'" + path.parent_path().string() + "/it'\\''s";
  BOOST_TEST(refusal("GIF89a") == "is a GIF image, which dha does not read; convert it: convert " + name + "[0]' " +
                                      name + ".png' && rm " + name + "'");
  using namespace std::string_view_literals;
  for (const auto& [content, expected] : std::initializer_list<std::pair<std::string_view, std::string>>{
           {"BM\x10\0\0\0\0\0\0\0"sv, "a BMP image"},
           {"II*\0\x08"sv, "a TIFF image"},
           {"MM\0*\0"sv, "a TIFF image"},
           {"\0\0\0\x1c"
            "ftypavif"sv,
            "an AVIF image"},
           {"\0\0\0\x18"
            "ftypheic"sv,
            "a HEIC image"},
           {"\0\0\0\x0cjP  \r\n\x87\n"sv, "a JPEG 2000 image"},
           {"<?xml version='1.0'?>\n<!-- x -->\n<svg width='3'/>"sv, "an SVG image"},
           {"\xff\x0a\xfa"sv, "a JPEG XL image"},
           {"\0\0\0\x0cJXL \r\n\x87\n"sv, "a JPEG XL image"},
           {"8BPS\0\1"sv, "a Photoshop image"},
           {"P6\n4 4\n255\n"sv, "a PNM image"},
           {"%PDF-1.4"sv, "a PDF image"}}) {
    const std::string message = refusal(content);
    BOOST_TEST(message.starts_with("is " + expected + ", which dha does not read; convert it: "), message);
    check_contains(message, " && rm " + name + "'");
  }
  BOOST_TEST(refusal("BMW is a car") == "is not a JPEG, PNG or WebP image: it begins with the bytes 42 4d 57 20");
  const Bytes animated = read_bytes(golden_folder() / "animated.webp");
  BOOST_TEST(size_reason(animated) ==
             "is an animated WebP image, which dha does not read; extract its first frame: webpmux -get frame 1 " +
                 name + "' -o " + name + "'");
}

BOOST_AUTO_TEST_CASE(quotes_names_that_are_no_names_to_a_shell) {
  const Bytes gif = {'G', 'I', 'F', '8', '9', 'a'};
  check_contains(reason([&] { image_format(gif, "-x.gif"); }), "convert './-x.gif[0]' './-x.gif.png' && rm './-x.gif'");
  check_contains(reason([&] { image_format(gif, "a:b.gif"); }), "convert './a:b.gif[0]'");
}

// The pixels of every golden file are those that Pillow has, and a crop is a part of them.
BOOST_AUTO_TEST_CASE(reads_what_pillow_reads) {
  std::ifstream cases(golden_folder() / "cases.txt");
  std::string name, expected_name, background, truncated;
  ImageReading reading;
  int count = 0;
  while (cases >> name >> expected_name >> background >> reading.bits >> truncated) {
    BOOST_TEST_CONTEXT(name << " on " << background << ", " << reading.bits << " bits") {
      reading.background = background == "white" ? 255 : 0;
      reading.accept_truncated = truncated == "accept";
      const Picture expected = read_png(golden_folder() / expected_name, 3);
      const ImageHeader header = read_image_header(golden_folder() / name, reading);
      BOOST_REQUIRE(header.size.height == expected.height);
      BOOST_REQUIRE(header.size.width == expected.width);
      BOOST_TEST(header.has_16_bits == (name.find("_bits") != std::string::npos));
      for (const auto& [top, left] : {std::pair<int64_t, int64_t>{0, 0}, {2, 3}, {4, 1}}) {
        const int64_t height = expected.height - top, width = expected.width - left;
        Bytes planes(static_cast<size_t>(3 * height * width));
        read_image(golden_folder() / name, header.size, {top, left, height, width, height, width, false}, 3,
                   planes.data(), reading);
        int largest = 0;
        for (int64_t y = 0; y < height; ++y)
          for (int64_t x = 0; x < width; ++x)
            for (int64_t c = 0; c < 3; ++c)
              largest = std::max(largest, std::abs(planes[static_cast<size_t>((c * height + y) * width + x)] -
                                                   expected.at(top + y, left + x, c)));
        BOOST_TEST(largest == 0, "crop from " << top << ", " << left << " on: a pixel differs by " << largest);
      }
      ++count;
    }
  }
  BOOST_TEST(count > 30);
}

BOOST_AUTO_TEST_CASE(ignores_orientation_where_told) {
  const ImageReading as_stored{.orient = false};
  const std::filesystem::path file = golden_folder() / "orientation_6.jpg";
  BOOST_TEST(read_image_size(file).height == 14);
  BOOST_TEST(read_image_size(file, as_stored).height == 9);
  Bytes turned(9 * 14 * 3), stored(9 * 14 * 3), upright(9 * 14 * 3);
  read_image(file, {9, 14}, {0, 0, 9, 14, 9, 14, false}, 3, stored.data(), as_stored);
  read_image(golden_folder() / "orientation_1.jpg", {}, {0, 0, 9, 14, 9, 14, false}, 3, upright.data());
  BOOST_TEST(stored == upright, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(crops_and_flips_what_is_displayed) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const std::filesystem::path of = golden_folder() / ("orientation_" + std::to_string(orientation) + ".jpg");
    const ImageSize size = read_image_size(of);
    const ImageRequest request{1, 2, size.height - 2, size.width - 4, 4, 5, false};
    Bytes straight(60), flipped(60);
    read_image(of, size, request, 3, straight.data());
    ImageRequest mirrored = request;
    mirrored.flip = true;
    read_image(of, size, mirrored, 3, flipped.data());
    for (auto row = flipped.begin(); row != flipped.end(); row += 5) std::reverse(row, row + 5);
    BOOST_TEST(straight == flipped, boost::test_tools::per_element());
  }
}

BOOST_FIXTURE_TEST_CASE(sees_truncation_in_the_end_of_a_file, FileFixture) {
  for (Bytes file :
       {jpeg_bytes(waves(300, 400, 3), {.quality = 100}), png_bytes(waves(300, 400, 3), PNG_COLOR_TYPE_RGB)}) {
    BOOST_REQUIRE(file.size() > 80'000);  // beyond what is read of a header
    write_bytes(path, file);
    BOOST_TEST(read_image_header(path).size.width == 400);
    file.resize(file.size() - 200);
    write_bytes(path, file);
    check_contains(reason([&] { read_image_header(path); }), "is a truncated ");
    BOOST_TEST(read_image_header(path, {.accept_truncated = true}).size.width == 400);
    BOOST_TEST(read_image_size(path).width == 400);
  }
}

BOOST_FIXTURE_TEST_CASE(finds_orientation_behind_the_pixels_of_a_large_file, FileFixture) {
  Bytes file = png_bytes(waves(300, 400, 3), PNG_COLOR_TYPE_RGB);
  BOOST_REQUIRE(file.size() > 80'000);
  const Bytes small = read_bytes(golden_folder() / "exif_behind.png");
  const std::string type = "eXIf";
  const auto chunk = std::search(small.begin(), small.end(), type.begin(), type.end()) - 4;
  file.insert(file.end() - 12, chunk, small.end() - 12);
  write_bytes(path, file);
  const ImageSize size = read_image_size(path);
  BOOST_TEST(size.height == 400);
  BOOST_TEST(size.width == 300);
  Bytes pixels(3 * 4 * 4);
  read_image(path, size, {0, 0, 400, 300, 4, 4, false}, 3, pixels.data());
}

BOOST_FIXTURE_TEST_CASE(finds_the_size_behind_large_metadata, FileFixture) {
  Bytes file = jpeg_bytes(waves(20, 30, 3));
  Bytes segment(65000, 0);  // of metadata, twice: beyond what is read at first
  segment.insert(segment.begin(), {0xff, 0xe1, 65002 >> 8, 65002 & 0xff});
  for (int i = 0; i < 2; ++i) file.insert(file.begin() + 2, segment.begin(), segment.end());
  write_bytes(path, file);
  BOOST_TEST(read_image_size(path).width == 30);
}

BOOST_FIXTURE_TEST_CASE(refuses_crops_outside_and_changed_files, FileFixture) {
  write_bytes(path, jpeg_bytes(waves(20, 30, 3)));
  Bytes pixels(3 * 4 * 4);
  for (const ImageRequest& request :
       {ImageRequest{0, 0, 21, 30, 4, 4, false}, ImageRequest{1, 0, 20, 30, 4, 4, false},
        ImageRequest{-1, 0, 5, 5, 4, 4, false}, ImageRequest{0, 0, 0, 5, 4, 4, false},
        ImageRequest{0, 0, 5, 5, 0, 4, false}, ImageRequest{0, INT64_MAX, 5, 5, 4, 4, false}})
    check_contains(error_of(ErrorCode::kContractViolation, [&] { read_image(path, {}, request, 3, pixels.data()); }),
                   "was requested of an image of 20 x 30 px");
  BOOST_TEST(reason([&] {
               read_image(path, {30, 20}, {0, 0, 5, 5, 4, 4, false}, 3, pixels.data());
             }) == "has changed since its header was read");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::datasets
