#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <numeric>
#include <set>

#include "data/batch_feed.hpp"
#include "data/class_images.hpp"
#include "data/cycling_feed.hpp"
#include "data/listed_images.hpp"
#include "data/stage_data.hpp"
#include "data/statistics.hpp"
#include "dha/error.hpp"
#include "support/counting_dataset.hpp"

namespace {

using namespace dha;
using test::CountingDataset;

std::vector<int64_t> first(int64_t count) {
  std::vector<int64_t> indices(count);
  std::iota(indices.begin(), indices.end(), int64_t{0});
  return indices;
}

// The image that each sample of a batch is of, by its last pixel.
std::vector<int64_t> images_of(const Batch& batch) {
  std::vector<int64_t> images;
  for (int64_t i = 0; i < batch.images.size(0); ++i) images.push_back(batch.images[i].flatten()[-1].item().toLong());
  return images;
}

std::vector<int64_t> epoch_of(BatchFeed& feed, int64_t epoch, int64_t first_step = 0) {
  std::vector<int64_t> all;
  feed.begin(epoch, first_step);
  while (const auto batch = feed.next()) {
    const std::vector<int64_t> images = images_of(*batch);
    for (size_t i = 0; i < images.size(); ++i)
      BOOST_TEST(batch->labels[static_cast<int64_t>(i)].item().toLong() == images[i] % 5);
    all.insert(all.end(), images.begin(), images.end());
  }
  return all;
}

BOOST_AUTO_TEST_SUITE(feeds)

BOOST_AUTO_TEST_CASE(an_epoch_has_each_image_once_in_an_order_of_its_own) {
  for (const bool in_memory : {true, false}) {
    const OpenDataset source("test.counting", std::make_shared<CountingDataset>(103, 0, 5, in_memory));
    const auto feed = make_feed(ImageSet(source, Split::kTrain, first(103)),
                                {.batch_size = 10, .shuffle = true, .seed = 7, .threads = 2});
    BOOST_TEST(feed->steps() == 11);
    const std::vector<int64_t> one = epoch_of(*feed, 0), two = epoch_of(*feed, 1);
    BOOST_TEST(std::set<int64_t>(one.begin(), one.end()).size() == 103U);
    BOOST_TEST(one.size() == 103U);
    BOOST_TEST((one != two));
    BOOST_TEST(epoch_of(*feed, 0) == one, boost::test_tools::per_element());
    const std::vector<int64_t> rest = epoch_of(*feed, 0, 4);
    BOOST_TEST(rest == std::vector<int64_t>(one.begin() + 40, one.end()), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(memory_and_reading_give_the_same_order) {
  const OpenDataset memory("test.counting", std::make_shared<CountingDataset>(50, 0, 5, true));
  const OpenDataset files("test.counting", std::make_shared<CountingDataset>(50, 0, 5, false));
  const FeedOptions options{.batch_size = 8, .shuffle = true, .drop_incomplete = true, .seed = 3};
  const auto a = make_feed(ImageSet(memory, Split::kTrain, first(50)), options);
  const auto b = make_feed(ImageSet(files, Split::kTrain, first(50)), options);
  BOOST_TEST(a->steps() == 6);
  BOOST_TEST(epoch_of(*a, 5) == epoch_of(*b, 5), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(threads_do_not_change_a_pixel) {
  const OpenDataset source("test.counting", std::make_shared<CountingDataset>(90, 0, 5, false));
  const auto all = [&](int64_t threads) {
    const auto feed =
        make_feed(ImageSet(source, Split::kTrain, first(90)),
                  {.batch_size = 16, .random_geometry = true, .shuffle = true, .seed = 1, .threads = threads});
    std::vector<at::Tensor> images;
    for (int64_t epoch = 0; epoch < 2; ++epoch) {
      feed->begin(epoch, 0);
      while (const auto batch = feed->next()) images.push_back(batch->images);
    }
    return images;
  };
  const std::vector<at::Tensor> alone = all(0);
  for (const int64_t threads : {1, 4}) {
    const std::vector<at::Tensor> shared = all(threads);
    BOOST_TEST_REQUIRE(shared.size() == alone.size());
    for (size_t i = 0; i < alone.size(); ++i) BOOST_TEST(at::equal(alone[i], shared[i]));
  }
}

BOOST_AUTO_TEST_CASE(skipped_images_are_left_out_and_failures_are_thrown) {
  for (const int64_t threads : {0, 3}) {
    const auto dataset = std::make_shared<CountingDataset>(20, 0, 5, false);
    dataset->skipped = {3, 4, 17};
    const OpenDataset source("test.counting", dataset);
    const auto feed = make_feed(ImageSet(source, Split::kTrain, first(20)), {.batch_size = 6, .threads = threads});
    BOOST_TEST(epoch_of(*feed, 0).size() == 17U);
    dataset->failing = 8;
    feed->begin(1, 0);
    BOOST_TEST(feed->next()->labels.size(0) == 4);
    BOOST_CHECK_EXCEPTION(feed->next(), Error, [](const Error& e) {
      return e.code() == ErrorCode::kData && std::string(e.what()).find("image 8 is damaged") != std::string::npos;
    });
  }
}

BOOST_AUTO_TEST_CASE(cycling_goes_on_where_it_stood) {
  const OpenDataset source("test.counting", std::make_shared<CountingDataset>(10, 0, 5, true));
  const auto feed = [&] {
    return make_feed(ImageSet(source, Split::kTrain, first(10)),
                     {.batch_size = 4, .shuffle = true, .drop_incomplete = true, .seed = 9});
  };
  CyclingFeed whole(feed());
  for (int i = 0; i < 5; ++i) whole.next();
  CyclingFeed later(feed());
  later.seek(whole.epoch(), whole.step());
  for (int i = 0; i < 4; ++i)
    BOOST_TEST(images_of(whole.next()) == images_of(later.next()), boost::test_tools::per_element());
}

// What one stage validates on, another one that goes on with its weights must not have been trained on.
BOOST_AUTO_TEST_CASE(stages_hold_out_the_same_images) {
  const OpenDataset source("test.counting", std::make_shared<CountingDataset>(100, 0, 5, true));
  const RunImages images = choose_images(source, {}, 7);
  const auto held_out = [&](const std::string& place, double fraction) {
    StageConfig config;
    config.batch_size = 100;
    config.validation_fraction = fraction;
    const StageData data = make_stage_data(images, config, {}, 7, place, at::kCPU, 0);
    const std::vector<int64_t> found = epoch_of(*data.validation, 0);
    return std::set<int64_t>(found.begin(), found.end());
  };
  const std::set<int64_t> search = held_out("search", 0.3), trial = held_out("search/trial-4", 0.3),
                          less = held_out("final", 0.1);
  BOOST_TEST(search.size() == 30U);
  BOOST_TEST(trial == search, boost::test_tools::per_element());
  BOOST_TEST(less.size() == 10U);
  BOOST_TEST(std::includes(search.begin(), search.end(), less.begin(), less.end()));
}

BOOST_AUTO_TEST_CASE(statistics_are_exact) {
  const OpenDataset source("test.counting", std::make_shared<CountingDataset>(11, 0, 5, true));
  const PixelStatistics statistics = measure_statistics(ImageSet(source, Split::kTrain, first(11)), 100, 0);
  BOOST_TEST(statistics.mean.at(0) == 5.0 / 255, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(statistics.standard_deviation.at(0) == std::sqrt(10.0) / 255, boost::test_tools::tolerance(1e-12));
}

// Images of a class often lie beside each other.
BOOST_AUTO_TEST_CASE(statistics_of_a_part_are_of_images_from_everywhere) {
  const OpenDataset source("test.counting", std::make_shared<CountingDataset>(100, 0, 5, true));
  const ImageSet set(source, Split::kTrain, first(100));
  BOOST_TEST(measure_statistics(set, 50, 0).mean.at(0) == 49.0 / 255, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(measure_statistics(set, 3, 0).mean.at(0) == 33.0 / 255, boost::test_tools::tolerance(1e-12));
}

// Files whose names are numbers, of 6 x 4 px; read() writes the crop's place, then the number.
class NumberedFiles : public ImageFiles {
 public:
  FolderImages find(const std::string&) const override { return {}; }
  ImageSize size(const std::string& path) const override {
    if (path == "gone") throw Error(ErrorCode::kData, "gone cannot be opened");
    if (path == "limit") throw Error(ErrorCode::kIo, "too many open files");
    return {6, 4};
  }
  void read(const std::string& path, ImageSize size, const ImageRequest& request, uint8_t* pixels) const override {
    if (path == "cut") throw Error(ErrorCode::kData, "cut is damaged");
    if (size.height != 6 || size.width != 4) throw std::logic_error("the size is not the one that was told");
    std::fill_n(pixels, request.height * request.width, static_cast<uint8_t>(std::stoi(path)));
    const auto place = {request.crop_top, request.crop_left, request.crop_height, request.crop_width};
    std::copy(place.begin(), place.end(), pixels);
  }
};

DatasetInfo info_of_inputs(int64_t height, int64_t width) {
  DatasetInfo info;
  info.channels = 1;
  info.height = height;
  info.width = width;
  return info;
}

BOOST_AUTO_TEST_CASE(listed_images_are_known_by_their_positions) {
  const NumberedFiles files;
  const auto listed =
      std::make_shared<ListedImages>(files, info_of_inputs(4, 4), CropPolicy{.evaluation_fraction = 0.5},
                                     std::vector<std::string>{"9", "gone", "7", "cut", "5"});
  const OpenDataset source("test.numbered", listed, OpenDataset::WithoutClasses());
  const auto feed = make_feed(ImageSet(source, Split::kTest, first(5)), {.batch_size = 3, .threads = 2});
  std::vector<int64_t> positions, values;
  feed->begin(0, 0);
  while (const auto batch = feed->next())
    for (int64_t i = 0; i < batch->labels.size(0); ++i) {
      positions.push_back(batch->labels[i].item().toLong());
      values.push_back(images_of(*batch).at(static_cast<size_t>(i)));
      const at::Tensor pixels = batch->images[i].flatten();
      BOOST_TEST(pixels[0].item().toLong() == 2);  // of half the shorter side
      BOOST_TEST(pixels[2].item().toLong() == 2);
    }
  BOOST_TEST(positions == (std::vector<int64_t>{0, 2, 4}), boost::test_tools::per_element());
  BOOST_TEST(values == (std::vector<int64_t>{9, 7, 5}), boost::test_tools::per_element());
  const std::map<int64_t, std::string> problems{{1, "gone cannot be opened"}, {3, "cut is damaged"}};
  BOOST_TEST((listed->problems() == problems));
}

BOOST_AUTO_TEST_CASE(listed_images_without_a_policy_are_seen_to_their_edges) {
  const NumberedFiles files;
  const auto seen = [&](int64_t height, int64_t width) {
    const ListedImages listed(files, info_of_inputs(height, width), std::nullopt, {"8"});
    std::vector<uint8_t> pixels(static_cast<size_t>(height * width));
    BOOST_TEST(listed.image_size(Split::kTest, 0).width == 4);
    BOOST_TEST(listed.read(Split::kTest, 0, {0, 0, 4, 4, height, width, false}, pixels.data()));
    pixels.resize(4);
    return pixels;
  };
  BOOST_TEST(seen(3, 2) == (std::vector<uint8_t>{0, 0, 6, 4}), boost::test_tools::per_element());
  BOOST_TEST(seen(3, 3) == (std::vector<uint8_t>{1, 0, 4, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(errors_that_are_not_of_an_image_end_the_list) {
  const NumberedFiles files;
  const ListedImages listed(files, info_of_inputs(4, 4), CropPolicy(), {"limit"});
  BOOST_CHECK_THROW(listed.image_size(Split::kTest, 0), Error);
  BOOST_TEST(listed.problems().empty());
}

BOOST_AUTO_TEST_CASE(labels_out_of_range_are_refused) {
  class Wrong : public CountingDataset {
   public:
    Wrong() : CountingDataset(10, 0, 5, true) {}
    at::Tensor labels(Split split) const override { return CountingDataset::labels(split) + 1; }
  };
  BOOST_CHECK_EXCEPTION(OpenDataset("test.wrong", std::make_shared<Wrong>()), Error, [](const Error& e) {
    return std::string(e.what()).find("label 5 of train image 4 is outside [0, 4]") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(classes_without_a_training_image_are_refused) {
  const auto refusal = [](const std::string& said) {
    return [said](const Error& e) { return e.code() == ErrorCode::kData && std::string(e.what()).starts_with(said); };
  };
  BOOST_CHECK_EXCEPTION(OpenDataset("test.counting", std::make_shared<CountingDataset>(4, 9, 5, true)), Error,
                        refusal("test.counting: class 4 has no image among the 4 training images"));
  BOOST_CHECK_EXCEPTION(OpenDataset("test.counting", std::make_shared<CountingDataset>(3, 9, 10, true)), Error,
                        refusal("test.counting: classes 3, 4, 5, 6, 7 and 2 more have no image among"));
}

BOOST_AUTO_TEST_CASE(rare_classes_are_described) {
  class Named : public CountingDataset {
   public:
    Named() : CountingDataset(20, 0, 4, true) {}
    DatasetInfo info() const override {
      DatasetInfo info = CountingDataset::info();
      info.class_names = {"cat", "dog", "2", "ship"};
      return info;
    }
  };
  const OpenDataset source("test.named", std::make_shared<Named>());
  const auto described = [&](std::vector<int64_t> indices) {
    return describe_rare_classes(ImageSet(source, Split::kTrain, std::move(indices)));
  };
  BOOST_TEST(described(first(8)) == "");
  BOOST_TEST(
      described({0, 4, 2, 6, 1}) ==
      "class 3 ('ship') has no image, and class 1 ('dog') has a single image among the 5 training images in use; "
      "raise 'limit_train' or add images");
  BOOST_TEST(described({0, 4}).starts_with("classes 1 ('dog'), 2, 3 ('ship') have no image among the 2 "));
  const OpenDataset small("test.counting", std::make_shared<CountingDataset>(9, 0, 5, true));
  BOOST_TEST(describe_rare_classes(ImageSet(small, Split::kTrain, first(9))) ==
             "class 4 has a single image among the 9 training images in use; add images");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
