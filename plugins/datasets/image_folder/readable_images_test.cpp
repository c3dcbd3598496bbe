// Damage is found before training: what counts as an end, which files are named, and what the cache keeps.
#include "image_folder/readable_images.hpp"

#include <png.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>

#include "image_folder/image_check.hpp"
#include "image_folder/index_fixture.hpp"
#include "image_folder/unreadable_image.hpp"
#include "image_folder/written_images.hpp"
#include "support/test_context.hpp"

namespace dha::datasets {

namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

Bytes jpeg() { return jpeg_bytes(waves(64, 48, 3)); }
Bytes png() { return png_bytes(waves(64, 48, 3), PNG_COLOR_TYPE_RGB); }

Bytes cut(Bytes bytes, size_t count) {
  bytes.resize(bytes.size() - count);
  return bytes;
}

Bytes padded(Bytes bytes, size_t count) {
  bytes.resize(bytes.size() + count, 0x5a);
  return bytes;
}

// With a whole image for preview in a segment before the image itself, as cameras write.
Bytes with_preview(const Bytes& image) {
  const Bytes preview = jpeg_bytes(waves(16, 16, 3));
  const size_t length = preview.size() + 2;
  const std::array<uint8_t, 6> begin = {
      0xff, 0xd8, 0xff, 0xe1, static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)};
  Bytes bytes(begin.size() + preview.size() + image.size() - 2);
  auto to = std::copy(begin.begin(), begin.end(), bytes.begin());
  to = std::copy(preview.begin(), preview.end(), to);
  std::copy(image.begin() + 2, image.end(), to);
  return bytes;
}

struct Fixture : test::IndexFixture {
  dha::test::TestContext context;
  CheckOptions options;

  Fixture() { setenv("XDG_CACHE_HOME", (directory.path() / "cache").c_str(), 1); }

  void put_image(const std::string& path, const Bytes& bytes) { write_bytes(source.root / path, bytes); }
  std::string missing_end(const Bytes& bytes) {
    put_image("probe", bytes);
    return check_image(source.root / "probe", {}).missing_end;
  }
  ImageIndex check() {
    ImageIndex index = build();
    left_out = check_images(index, source.root, options, context);
    return index;
  }
  std::string check_error(ErrorCode code = ErrorCode::kData) {
    return error_of(code, [&] { check(); });
  }
  fs::path cache_file() const {
    for (const fs::directory_entry& entry : fs::directory_iterator(directory.path() / "cache/dha")) return entry.path();
    return {};
  }
  // Damages a file without a trace in its size and time.
  void damage_secretly(const std::string& path) {
    const auto time = fs::last_write_time(source.root / path);
    put_image(path, Bytes(fs::file_size(source.root / path), 1));
    fs::last_write_time(source.root / path, time);
  }

  int64_t left_out = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(readable_images, Fixture)

BOOST_AUTO_TEST_CASE(know_where_an_image_ends) {
  BOOST_TEST(missing_end(jpeg()) == "");
  BOOST_TEST(missing_end(padded(jpeg(), 3)) == "");
  BOOST_TEST(missing_end(padded(jpeg(), 200'000)) == "");
  BOOST_TEST(missing_end(padded(jpeg(), (64 << 10) - 1)) == "");
  BOOST_TEST(missing_end(with_preview(jpeg())) == "");
  check_contains(missing_end(cut(jpeg(), 300)), "is a truncated JPEG");
  check_contains(missing_end(cut(with_preview(jpeg()), 300)), "is a truncated JPEG");

  BOOST_TEST(missing_end(png()) == "");
  BOOST_TEST(missing_end(padded(png(), 100'000)) == "");
  check_contains(missing_end(cut(png(), 40)), "is a truncated PNG");
}

BOOST_AUTO_TEST_CASE(refuse_what_has_no_header) {
  const auto reason = [this](const Bytes& bytes) -> std::string {
    put_image("probe", bytes);
    try {
      check_image(source.root / "probe", {});
    } catch (const UnreadableImage& error) {
      return error.what();
    }
    return "readable";
  };
  BOOST_TEST(reason({}) == "is empty (0 bytes)");
  BOOST_TEST(reason(Bytes(10, 't')) == "is not a JPEG, PNG or WebP image: it begins with the bytes 74 74 74 74");
  check_contains(reason(cut(jpeg(), jpeg().size() - 20)), "is a damaged JPEG");
  fs::remove(source.root / "probe");
  link("/annex/gone", "probe");
  try {
    check_image(source.root / "probe", {});
    BOOST_ERROR("nothing was thrown");
  } catch (const UnreadableImage& error) {
    BOOST_TEST(error.what() == "is a link to /annex/gone, which does not exist");
  }
}

BOOST_AUTO_TEST_CASE(fill_in_sizes) {
  put_image("a/1.jpg", jpeg());
  put_image("b/2.png", png_bytes(waves(30, 50, 1), PNG_COLOR_TYPE_GRAY));
  for (int repeat = 0; repeat < 2; ++repeat) {  // the second time from the cache
    const ImageIndex index = check();
    BOOST_TEST(index[Split::kTrain][0].size.height == 64);
    BOOST_TEST(index[Split::kTrain][1].size.width == 50);
    BOOST_TEST(left_out == 0);
  }
  BOOST_TEST(context.lines.empty());
}

BOOST_AUTO_TEST_CASE(name_the_first_and_count_all) {
  put_image("train/a/1.jpg", jpeg());
  put_image("train/b/0.jpg", jpeg());
  put_image("test/a/1.jpg", cut(png(), 40));
  const std::string one = check_error();
  BOOST_TEST(one == (source.root / "test/a/1.jpg").string() +
                        " is a truncated PNG: its data end too early; replace the file, or set 'truncated' to 'accept' "
                        "to use the available part");
  put_image("test/a/2.jpg", jpeg());
  for (int i = 101; i < 190; ++i) put_image("train/b/" + std::to_string(i) + ".jpg", i < 184 ? jpeg() : Bytes());
  const std::string many = check_error();
  check_contains(many, "7 of 93 images cannot be read: " + (source.root / "train/b/184.jpg").string() + " is empty");
  check_contains(many, "b/185.jpg is");
  check_contains(many, "b/188.jpg is");
  BOOST_TEST(many.find("189.jpg") == std::string::npos);
  check_contains(many,
                 "; and 2 more; replace or remove the files, or set 'unreadable' to 'skip' to leave such images out");
}

BOOST_AUTO_TEST_CASE(leave_unreadable_images_out) {
  for (const char* path : {"train/a/1.jpg", "train/a/3.jpg", "train/b/1.jpg"}) put_image(path, jpeg());
  put_image("train/a/2.jpg", cut(jpeg(), 30));
  link("/annex/gone", "train/b/0.jpg");
  options.skip_unreadable = true;
  const ImageIndex index = check();
  BOOST_TEST(left_out == 2);
  BOOST_TEST(test::shown_entries(index[Split::kTrain]) ==
                 (test::Texts{"train/a/1.jpg:0", "train/a/3.jpg:0", "train/b/1.jpg:1"}),
             boost::test_tools::per_element());
  BOOST_TEST(test::joined(context.warnings) ==
             "left out 2 images that cannot be read: " + (source.root / "train/a/2.jpg").string() +
                 " is a truncated JPEG: its data end too early; " + (source.root / "train/b/0.jpg").string() +
                 " is a link to /annex/gone, which does not exist\n");
  check_contains(test::joined(context.lines), "skipped: " + (source.root / "train/b/0.jpg").string());
}

BOOST_AUTO_TEST_CASE(accept_truncated_images_if_told_so) {
  put_image("a/1.jpg", jpeg());
  put_image("b/1.jpg", cut(jpeg(), 300));
  options.reading.accept_truncated = true;
  BOOST_TEST(check()[Split::kTrain].size() == 2u);
  options.reading.accept_truncated = false;
  check_contains(check_error(), "b/1.jpg is a truncated JPEG");  // the cache keeps whole images only
  put("b/1.jpg");
  options.reading.accept_truncated = true;
  check_contains(check_error(), "b/1.jpg is not a JPEG, PNG or WebP");
}

// "skip" is not advised where it would lead to the next error.
BOOST_AUTO_TEST_CASE(keep_an_image_of_each_class_and_split) {
  put_image("train/a/1.jpg", jpeg());
  put("train/b/1.jpg");
  const std::string error = check_error();
  check_contains(error, "train/b/1.jpg is not a JPEG, PNG or WebP image");
  BOOST_TEST(error.find("'skip'") == std::string::npos);
  options.skip_unreadable = true;
  check_contains(check_error(), "the only training image of class 'b' cannot be read; the first: " +
                                    (source.root / "train/b/1.jpg").string() + " is not a JPEG");
  put_image("train/b/1.jpg", jpeg());
  put("val/a/1.jpg");
  put("val/b/1.jpg");
  check_contains(check_error(), "none of the 2 validation images can be read");
  put_image("val/a/1.jpg", jpeg());
  BOOST_TEST(check()[Split::kValidation].size() == 1u);
}

BOOST_AUTO_TEST_CASE(are_not_read_again_until_they_change) {
  for (const char* path : {"a/1.jpg", "b/1.jpg"}) put_image(path, jpeg());
  check();
  BOOST_REQUIRE(fs::exists(cache_file()));
  damage_secretly("b/1.jpg");
  BOOST_TEST(check()[Split::kTrain].size() == 2u);
  // A later time, or another size.
  const auto time = fs::last_write_time(source.root / "b/1.jpg");
  fs::last_write_time(source.root / "b/1.jpg", time + std::chrono::nanoseconds(1));
  check_contains(check_error(), "b/1.jpg is not a JPEG, PNG or WebP image");
  put_image("b/1.jpg", cut(jpeg(), 1));
  fs::last_write_time(source.root / "b/1.jpg", time);
  check_contains(check_error(), "b/1.jpg is a truncated JPEG");
}

BOOST_AUTO_TEST_CASE(are_read_again_where_the_cache_is_damaged) {
  for (const char* path : {"a/1.jpg", "b/1.jpg"}) put_image(path, jpeg());
  check();
  const Bytes whole = read_bytes(cache_file());
  damage_secretly("b/1.jpg");
  for (const size_t place : {size_t{3}, whole.size() / 2, whole.size() - 40, whole.size() - 1}) {
    Bytes bytes = whole;
    bytes[place] ^= 1;
    write_bytes(cache_file(), bytes);
    check_contains(check_error(), "b/1.jpg is not a JPEG, PNG or WebP image");
  }
  write_bytes(cache_file(), cut(whole, 8));
  check_error();
  write_bytes(cache_file(), whole);
  BOOST_TEST(check()[Split::kTrain].size() == 2u);
  for (const fs::directory_entry& entry : fs::directory_iterator(directory.path() / "cache/dha"))
    BOOST_TEST(entry.path() == cache_file());  // no temporary file stays
}

BOOST_AUTO_TEST_CASE(do_without_a_cache_that_cannot_be_written) {
  for (const char* path : {"a/1.jpg", "b/1.jpg"}) put_image(path, jpeg());
  write_bytes(directory.path() / "cache", {1});  // a file in place of the folder
  BOOST_TEST(check()[Split::kTrain].size() == 2u);
  damage_secretly("b/1.jpg");
  check_error();
  setenv("XDG_CACHE_HOME", "relative", 1);
  unsetenv("HOME");
  check_error();
}

BOOST_AUTO_TEST_CASE(can_be_cancelled) {
  put_image("a/1.jpg", jpeg());
  context.cancel = true;
  check_contains(check_error(ErrorCode::kCancelled), "stopped while checking images");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::datasets
