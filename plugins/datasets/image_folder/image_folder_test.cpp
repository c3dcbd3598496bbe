// The data set itself: parameters, sizes, reading from many threads, unreadable files, and the real sets.
#include <png.h>

#include <ATen/ops/bincount.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "image_folder/image_folder_dataset.hpp"
#include "image_folder/written_images.hpp"
#include "shared/dataset_fixture.hpp"

namespace dha::datasets {

namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

struct Fixture {
  test::TemporaryDirectory directory, cache;
  test::TestContext context;

  Fixture() {
    setenv("XDG_CACHE_HOME", (cache.path() / ".cache").c_str(), 1);
    write_bytes(directory.path() / "train/a/1.jpg", jpeg_bytes(waves(40, 60, 3)));
    write_bytes(directory.path() / "train/a/2.png", png_bytes(waves(50, 30, 4), PNG_COLOR_TYPE_RGB_ALPHA));
    write_bytes(directory.path() / "train/b/3.jpg", jpeg_bytes(waves(64, 64, 1)));
    write_bytes(directory.path() / "test/b/4.jpg", jpeg_bytes(waves(33, 47, 3), {.sampling = 2}));
  }
  std::unique_ptr<ImageFolderDataset> make_set(const std::string& more = "") {
    return make<ImageFolderDataset>(R"({"path": ")" + directory.path().string() + "\"" + more + "}", context);
  }
  std::unique_ptr<ImageFolderDataset> opened(const std::string& more = "") {
    auto set = make_set(more);
    set->open();
    return set;
  }
  std::string parameter_error(const std::string& more) {
    return error_of(ErrorCode::kInvalidParameter, [&] { make_set(more); });
  }
};

// The centre of an image in a small size.
ImageRequest centre_of(ImageSize size, bool flip = false) {
  const int64_t side = std::min(size.height, size.width);
  return {(size.height - side) / 2, (size.width - side) / 2, side, side, 24, 24, flip};
}

// Empty where the image is skipped.
Bytes pixels_of(const Dataset& set, Split split, int64_t index, bool flip = false) {
  Bytes pixels(24 * 24 * static_cast<size_t>(set.info().channels));
  if (!set.read(split, index, centre_of(set.image_size(split, index), flip), pixels.data())) pixels.clear();
  return pixels;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(image_folder_dataset, Fixture)

BOOST_AUTO_TEST_CASE(answers_info_without_files) {
  fs::remove_all(directory.path());
  const DatasetInfo info =
      make_set(R"(, "classes": 7, "size_px": 64, "channels": 1, "mean": [0.4], "std": [0.2])")->info();
  BOOST_TEST(info.classes == 7);
  BOOST_TEST(info.class_names.empty());
  BOOST_TEST(info.channels == 1);
  BOOST_TEST(info.height == 64);
  BOOST_TEST(info.width == 64);
  BOOST_TEST(info.mean.at(0) == 0.4);
  BOOST_TEST(info.standard_deviation.at(0) == 0.2);
  BOOST_TEST(make_set()->info().classes == 0);
  error_of(ErrorCode::kData, [&] { opened(); });
}

BOOST_AUTO_TEST_CASE(opens_and_reads) {
  const auto set = opened();
  BOOST_TEST(set->info().classes == 2);
  BOOST_TEST(set->info().class_names.at(1) == "b");
  BOOST_TEST(set->size(Split::kTrain) == 3);
  BOOST_TEST(set->size(Split::kValidation) == 0);
  BOOST_TEST(set->size(Split::kTest) == 1);
  BOOST_TEST(set->labels(Split::kTrain).sum().item<int64_t>() == 1);
  BOOST_TEST(set->labels(Split::kTest)[0].item<int64_t>() == 1);
  BOOST_TEST(set->labels(Split::kValidation).numel() == 0);
  for (int repeat = 0; repeat < 2; ++repeat) {
    BOOST_TEST(set->image_size(Split::kTrain, 1).height == 50);
    BOOST_TEST(set->image_size(Split::kTrain, 1).width == 30);
  }
  const Bytes grey = pixels_of(*set, Split::kTrain, 2);  // of a grey image: all planes are the same
  BOOST_TEST(Bytes(grey.begin(), grey.begin() + 576) == Bytes(grey.begin() + 1152, grey.end()),
             boost::test_tools::per_element());
  Bytes mirrored = pixels_of(*set, Split::kTest, 0, true);
  for (auto row = mirrored.begin(); row != mirrored.end(); row += 24) std::reverse(row, row + 24);
  BOOST_TEST(mirrored == pixels_of(*set, Split::kTest, 0), boost::test_tools::per_element());
  error_of(ErrorCode::kContractViolation, [&] { set->tensors(Split::kTrain); });
  error_of(ErrorCode::kContractViolation, [&] { set->image_size(Split::kTrain, 3); });
  error_of(ErrorCode::kContractViolation, [&] { set->image_size(Split::kTest, -1); });
}

BOOST_AUTO_TEST_CASE(reads_one_channel) {
  const auto set = opened(R"(, "channels": 1)");
  const Bytes pixels = pixels_of(*set, Split::kTrain, 2);
  BOOST_TEST(pixels.size() == 576u);
  double mean = 0, expected = 0;  // scaling keeps the mean
  for (const uint8_t value : pixels) mean += value / 576.0;
  for (const uint8_t value : waves(64, 64, 1).pixels) expected += value / 4096.0;
  BOOST_TEST(mean == expected, boost::test_tools::tolerance(0.02));
}

BOOST_AUTO_TEST_CASE(passes_the_crop_policy_on) {
  const CropPolicy policy = make_set(R"(, "random_resized": false, "area_range": [0.2, 0.9], "aspect_range": [0.5, 2],
                                         "flip_probability": 0, "evaluation_fraction": 1)")
                                ->crop_policy();
  BOOST_TEST(!policy.random_resized);
  BOOST_TEST(policy.area_minimum == 0.2);
  BOOST_TEST(policy.area_maximum == 0.9);
  BOOST_TEST(policy.aspect_minimum == 0.5);
  BOOST_TEST(policy.aspect_maximum == 2);
  BOOST_TEST(policy.flip_probability == 0);
  BOOST_TEST(policy.evaluation_fraction == 1);
}

BOOST_AUTO_TEST_CASE(refuses_parameters_that_do_not_agree) {
  check_contains(parameter_error(R"(, "area_range": [0.5, 0.1])"), "'area_range' is [0.5");
  check_contains(parameter_error(R"(, "test_list": "list.txt")"), "set 'train_list'");
  check_contains(parameter_error(R"(, "validation_fraction": 0.5, "test_fraction": 0.5)"), "leave nothing to train on");
  check_contains(parameter_error(R"(, "channels": 1, "mean": [0.1, 0.2, 0.3], "std": [1, 1, 1])"),
                 "'mean' has 3 values");
}

BOOST_AUTO_TEST_CASE(has_three_channels_or_one) {
  const ParamCheck check =
      check_params(ImageFolderDataset::schema().json_text(), R"({"path": "images", "channels": 2})");
  BOOST_TEST_REQUIRE(check.problems.size() == 1U);
  BOOST_TEST(check.problems[0].message == "must be one of 1, 3, found 2");
}

BOOST_AUTO_TEST_CASE(names_an_unreadable_file) {
  write_bytes(directory.path() / "train/b/5.jpg", {'t', 'e', 'x', 't'});
  const std::string message = error_of(ErrorCode::kData, [&] { opened(); });
  check_contains(message, "train/b/5.jpg is not a JPEG, PNG or WebP image");
  check_contains(message, "'unreadable' to 'skip'");
}

BOOST_AUTO_TEST_CASE(leaves_unreadable_files_out_at_once) {
  Bytes truncated = jpeg_bytes(waves(64, 64, 3));
  truncated.resize(truncated.size() - 50);
  write_bytes(directory.path() / "train/b/5.jpg", truncated);
  write_bytes(directory.path() / "train/b/6.jpg", {});
  const auto set = opened(R"(, "unreadable": "skip")");
  BOOST_TEST(set->size(Split::kTrain) == 3);
  BOOST_TEST(set->labels(Split::kTrain).numel() == 3);
  BOOST_TEST(set->unreadable_images() == 2);
  BOOST_REQUIRE(context.warnings.size() == 1u);
  check_contains(context.warnings[0], "train/b/5.jpg is a truncated JPEG: its data end too early; ");
  check_contains(context.warnings[0], "train/b/6.jpg is empty (0 bytes)");
}

// Damage between header and end, which only decoding finds.
BOOST_AUTO_TEST_CASE(skips_what_proves_unreadable_later_and_says_so_once) {
  Bytes damaged = png_bytes(waves(64, 64, 3), PNG_COLOR_TYPE_RGB);
  std::fill(damaged.end() - 300, damaged.end() - 100, uint8_t{0});
  write_bytes(directory.path() / "train/b/5.png", damaged);
  const auto set = opened(R"(, "unreadable": "skip")");
  for (int repeat = 0; repeat < 3; ++repeat) {
    BOOST_TEST(pixels_of(*set, Split::kTrain, 3).empty());
    BOOST_TEST(!pixels_of(*set, Split::kTrain, 0).empty());
  }
  BOOST_REQUIRE(context.warnings.size() == 1u);
  check_contains(context.warnings[0],
                 "skipped: " + (directory.path() / "train/b/5.png").string() + " is a damaged PNG");
  const auto strict = opened();
  check_contains(error_of(ErrorCode::kData, [&] { pixels_of(*strict, Split::kTrain, 3); }), "'unreadable' to 'skip'");
}

BOOST_AUTO_TEST_CASE(reports_how_far_opening_has_got) {
  for (int i = 0; i < 100; ++i)
    write_bytes(directory.path() / ("train/b/more" + std::to_string(i) + ".jpg"), jpeg_bytes(waves(8, 8, 3)));
  const auto set = make_set();
  auto* progress = static_cast<OpeningProgress*>(set->capability(OpeningProgress::kCapability));
  BOOST_REQUIRE(progress != nullptr);
  std::mutex mutex;
  std::vector<std::string> works;
  int64_t most = 0, all = 0;
  progress->report_opening([&](std::string_view work, int64_t done, int64_t total) {
    const std::lock_guard lock(mutex);
    if (works.empty() || works.back() != work) works.emplace_back(work);
    if (work != "checking images") return;
    most = std::max(most, done);
    all = total;
  });
  set->open();
  const std::vector<std::string> expected{"listing images", "checking images", "measuring the depth of the images"};
  BOOST_TEST(works == expected, boost::test_tools::per_element());
  BOOST_TEST(most == 104);
  BOOST_TEST(all == 104);
  progress->report_opening(nullptr);
  make_set()->open();  // without a listener
}

BOOST_AUTO_TEST_CASE(takes_fractions_of_the_readable_images) {
  for (int i = 0; i < 8; ++i)
    write_bytes(directory.path() / ("train/b/1" + std::to_string(i) + ".jpg"),
                i < 4 ? Bytes{} : jpeg_bytes(waves(32, 32, 3)));
  const auto set = opened(R"(, "unreadable": "skip", "validation_fraction": 0.4)");
  BOOST_TEST(set->size(Split::kValidation) == 3);  // 0.4 of 2 and of 5
  BOOST_TEST(set->size(Split::kTrain) == 4);
}

BOOST_AUTO_TEST_CASE(logs_what_it_leaves_out) {
  write_bytes(directory.path() / "train/a/notes.txt", {'x'});
  write_bytes(directory.path() / "extra/1.jpg", {'x'});
  opened();
  BOOST_TEST(context.lines == (std::vector<std::string>{"1 class has no test images: a",
                                                        "left out 1 file that is not an image: 1 .txt",
                                                        "left out 1 image in extra, which is not the name of a split"}),
             boost::test_tools::per_element());
  BOOST_TEST(context.warnings.size() == 1u);
}

BOOST_AUTO_TEST_CASE(reads_as_its_parameters_say) {
  const fs::path golden = test::source_dir() / "tests/golden/image_folder/reading";
  fs::remove_all(directory.path());
  fs::create_directories(directory.path() / "train/a");
  const auto add = [&](const char* name) { fs::copy(golden / name, directory.path() / "train/a" / name); };
  add("orientation_6.jpg");
  add("rgba.png");
  const auto set = opened();
  BOOST_TEST(set->image_size(Split::kTrain, 0).height == 14);
  BOOST_TEST(opened(R"(, "exif_orientation": "ignore")")->image_size(Split::kTrain, 0).height == 9);
  BOOST_TEST(opened()->image_size(Split::kTrain, 0).height == 14);  // whatever was kept of the check before
  BOOST_TEST((pixels_of(*set, Split::kTrain, 1) != pixels_of(*opened(R"(, "background": "black")"), Split::kTrain, 1)));
  add("cut.jpg");
  check_contains(error_of(ErrorCode::kData, [&] { opened(); }), "is a truncated JPEG");
  BOOST_TEST(!pixels_of(*opened(R"(, "truncated": "accept")"), Split::kTrain, 0).empty());
}

BOOST_AUTO_TEST_CASE(chooses_bits_by_the_training_images) {
  const fs::path golden = test::source_dir() / "tests/golden/image_folder/reading";
  BOOST_TEST(opened()->chosen_params() == "{}");
  fs::copy(golden / "rgb_16_bits.png", directory.path() / "test/b/5.png");
  BOOST_TEST(opened()->chosen_params() == "{}");
  fs::copy(golden / "grey_12_bits.png", directory.path() / "train/b/9.png");
  const auto set = opened();
  BOOST_TEST(set->chosen_params() == R"({"bits": 12})");
  const auto given = opened(R"(, "bits": 12)");
  BOOST_TEST(given->chosen_params() == "{}");
  BOOST_TEST(pixels_of(*set, Split::kTrain, 3) == pixels_of(*given, Split::kTrain, 3),
             boost::test_tools::per_element());
  fs::copy(golden / "rgba_10_bits.png", directory.path() / "train/b/8.png");
  BOOST_TEST(opened()->chosen_params() == R"({"bits": 12})");
  fs::copy(golden / "rgb_16_bits.png", directory.path() / "train/b/7.png");
  BOOST_TEST(opened()->chosen_params() == R"({"bits": 16})");
}

BOOST_AUTO_TEST_CASE(reads_the_same_from_four_threads) {
  for (int i = 0; i < 12; ++i)
    write_bytes(directory.path() / ("train/a/" + std::to_string(i + 10)), jpeg_bytes(waves(50 + i, 90 - 3 * i, 3)));
  const auto serial = opened(), shared = opened();
  std::vector<Bytes> expected;
  for (int64_t i = 0; i < 15; ++i) expected.push_back(pixels_of(*serial, Split::kTrain, i));
  std::array<std::vector<Bytes>, 4> found;
  std::vector<std::thread> threads;
  for (size_t t = 0; t < found.size(); ++t)
    threads.emplace_back([&, t] {
      for (int64_t i = 0; i < 15; ++i) found[t].push_back(pixels_of(*shared, Split::kTrain, i));
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<Bytes>& images : found) BOOST_TEST((images == expected));
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

std::unique_ptr<ImageFolderDataset> open_real(const std::string& name, test::TestContext& context,
                                              const std::string& more = "") {
  const fs::path root = test::data_dir() / name;
  auto set = make<ImageFolderDataset>(R"({"path": ")" + root.string() + "\"" + more + "}", context);
  set->open();
  return set;
}

}  // namespace

BOOST_AUTO_TEST_CASE(real_flowers, *boost::unit_test::precondition(HasData(test::data_dir() / "flowers102-64"))) {
  test::TestContext context;
  const std::string root = (test::data_dir() / "flowers102-64/").string();
  const auto folders = open_real("flowers102-64", context, R"(, "classes": 102, "size_px": 64)");
  const auto lists = open_real("flowers102-64", context,
                               R"(, "label_base": 1, "train_list": ")" + root + R"(train.txt", "validation_list": ")" +
                                   root + R"(val.txt", "test_list": ")" + root + "test.txt\"");
  for (const ImageFolderDataset* set : {folders.get(), lists.get()}) {
    BOOST_TEST(set->info().classes == 102);
    BOOST_TEST(set->info().class_names.at(101) == "102");
    BOOST_TEST(set->size(Split::kTrain) == 1020);
    BOOST_TEST(set->size(Split::kValidation) == 1020);
    BOOST_TEST(set->size(Split::kTest) == 6149);
    BOOST_TEST(at::bincount(set->labels(Split::kTrain)).eq(10).all().item<bool>());
  }
  BOOST_TEST(at::bincount(folders->labels(Split::kTest)).equal(at::bincount(lists->labels(Split::kTest))));
  const ImageSize size = folders->image_size(Split::kTest, 6148);
  BOOST_TEST(size.height == 64);
  BOOST_TEST(size.width == 64);
  for (int64_t i = 0; i < 1020; i += 10) BOOST_TEST(!pixels_of(*folders, Split::kTrain, i).empty());
}

BOOST_AUTO_TEST_CASE(real_imagenette,
                     *boost::unit_test::precondition(HasData(test::data_dir() / "imagenette2-224-mini"))) {
  test::TestContext context;
  const auto set = open_real("imagenette2-224-mini", context);
  BOOST_TEST(set->info().class_names.front() == "n01440764");
  BOOST_TEST(set->size(Split::kTrain) == 400);
  BOOST_TEST(set->size(Split::kValidation) == 200);
  BOOST_TEST(set->size(Split::kTest) == 0);
  int grey = 0;
  for (const Split split : {Split::kTrain, Split::kValidation})
    for (int64_t i = 0; i < set->size(split); ++i) {
      const Bytes pixels = pixels_of(*set, split, i);
      BOOST_REQUIRE(pixels.size() == 1728u);
      grey += std::equal(pixels.begin(), pixels.begin() + 1152, pixels.begin() + 576) ? 1 : 0;
    }
  BOOST_TEST(grey >= 15);  // 15 are stored with one channel; others may look grey
  BOOST_TEST(grey <= 20);
}

}  // namespace dha::datasets
