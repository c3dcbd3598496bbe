// Crops: inside their image whatever its size, of the areas, aspects and places that the policy says.
#include "data/crop_geometry.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "dha/error.hpp"
#include "support/chi_square.hpp"

namespace {

using namespace dha;
using test::chi_square;
using test::chi_square_limit;

constexpr int64_t kHeight = 20, kWidth = 30;
constexpr size_t kCells = 20;
constexpr int64_t kDraws = 200 * kCells;

bool is_inside(const ImageRequest& request, ImageSize stored) {
  return request.crop_top >= 0 && request.crop_left >= 0 && request.crop_height >= 1 && request.crop_width >= 1 &&
         request.crop_top + request.crop_height <= stored.height &&
         request.crop_left + request.crop_width <= stored.width && request.height == kHeight && request.width == kWidth;
}

bool are_equal(const ImageRequest& a, const ImageRequest& b) {
  return a.crop_top == b.crop_top && a.crop_left == b.crop_left && a.crop_height == b.crop_height &&
         a.crop_width == b.crop_width && a.height == b.height && a.width == b.width && a.flip == b.flip;
}

// Chi-square of `share`, in [0, 1], over the training crops of many images.
template <class Share>
double statistic(const CropPolicy& policy, ImageSize stored, Share share) {
  const CropGeometry geometry(policy, kHeight, kWidth);
  std::vector<double> counts(kCells);
  for (int64_t index = 0; index < kDraws; ++index) {
    const double at = share(geometry.training(stored, 3, 1, index)) * static_cast<double>(kCells);
    ++counts.at(std::min(kCells - 1, static_cast<size_t>(std::max(0.0, at))));
  }
  return chi_square(counts);
}

BOOST_AUTO_TEST_SUITE(crop_geometry)

BOOST_AUTO_TEST_CASE(crops_lie_inside_images_of_every_shape) {
  const std::vector<CropPolicy> policies{
      {},
      {.area_minimum = 1e-4, .area_maximum = 1e-4},
      {.area_minimum = 1, .area_maximum = 1, .aspect_minimum = 5, .aspect_maximum = 6},
      {.aspect_minimum = 0.01, .aspect_maximum = 100},
      {.aspect_minimum = 0.01, .aspect_maximum = 0.01, .evaluation_fraction = 0.01},
      {.evaluation_fraction = 1}};
  for (const CropPolicy& policy : policies) {
    const CropGeometry geometry(policy, kHeight, kWidth);
    for (const int64_t height : {1, 2, 3, 17, 64, 375, 20000})
      for (const int64_t width : {1, 2, 5, 31, 500, 30000}) {
        const ImageSize stored{height, width};
        BOOST_TEST(is_inside(geometry.evaluation(stored), stored), height << " x " << width);
        for (int64_t index = 0; index < 50; ++index)
          BOOST_TEST_REQUIRE(is_inside(geometry.training(stored, 8, 2, index), stored), height << " x " << width);
      }
  }
}

BOOST_AUTO_TEST_CASE(areas_are_uniform) {
  const ImageSize stored{4000, 4000};
  const CropPolicy square{.area_minimum = 0.2, .area_maximum = 0.7, .aspect_minimum = 1, .aspect_maximum = 1};
  BOOST_TEST(statistic(square, stored, [](const ImageRequest& crop) {
               return (static_cast<double>(crop.crop_height * crop.crop_width) / 16e6 - 0.2) / 0.5;
             }) < chi_square_limit(kCells));
}

BOOST_AUTO_TEST_CASE(logarithms_of_aspects_are_uniform) {
  const CropPolicy tenth{.area_minimum = 0.1, .area_maximum = 0.1, .aspect_minimum = 0.5, .aspect_maximum = 4};
  BOOST_TEST(statistic(tenth, {4000, 4000}, [](const ImageRequest& crop) {
               return std::log(2.0 * static_cast<double>(crop.crop_width) / static_cast<double>(crop.crop_height)) /
                      std::log(8.0);
             }) < chi_square_limit(kCells));
}

// A quarter of 38 px squared is 19 px squared, which has 20 places in either direction.
BOOST_AUTO_TEST_CASE(places_and_flips_are_equally_likely) {
  const CropPolicy quarter{.area_minimum = 0.25, .area_maximum = 0.25, .aspect_minimum = 1, .aspect_maximum = 1};
  const ImageSize stored{38, 38};
  const double cell = 1.0 / static_cast<double>(kCells);
  BOOST_TEST(statistic(quarter, stored, [&](const ImageRequest& crop) {
               return (static_cast<double>(crop.crop_top) + 0.5) * cell;
             }) < chi_square_limit(kCells));
  BOOST_TEST(statistic(quarter, stored, [&](const ImageRequest& crop) {
               return (static_cast<double>(crop.crop_left) + 0.5) * cell;
             }) < chi_square_limit(kCells));
  CropPolicy flips = quarter;
  for (const double probability : {0.0, 0.3, 1.0}) {
    flips.flip_probability = probability;
    const CropGeometry geometry(flips, kHeight, kWidth);
    double flipped = 0;
    for (int64_t index = 0; index < kDraws; ++index) flipped += geometry.training(stored, 4, 0, index).flip ? 1 : 0;
    const double expected = probability * static_cast<double>(kDraws), rest = static_cast<double>(kDraws) - expected;
    if (probability == 0.3)
      BOOST_TEST(chi_square({flipped, static_cast<double>(kDraws) - flipped}, {expected, rest}) < chi_square_limit(2));
    else
      BOOST_TEST(flipped == expected);
  }
}

BOOST_AUTO_TEST_CASE(a_crop_depends_on_seed_epoch_and_image_alone) {
  const CropGeometry geometry({}, kHeight, kWidth);
  const ImageSize stored{480, 640};
  const ImageRequest crop = geometry.training(stored, 1, 2, 3);
  geometry.training(stored, 9, 9, 9);
  BOOST_TEST(are_equal(crop, geometry.training(stored, 1, 2, 3)));
  BOOST_TEST(!are_equal(crop, geometry.training(stored, 2, 2, 3)));
  BOOST_TEST(!are_equal(crop, geometry.training(stored, 1, 3, 3)));
  BOOST_TEST(!are_equal(crop, geometry.training(stored, 1, 2, 4)));
}

BOOST_AUTO_TEST_CASE(evaluation_takes_the_centre_square) {
  const CropGeometry geometry({.evaluation_fraction = 0.875}, kHeight, kWidth);
  const auto is = [&](ImageSize stored, const ImageRequest& expected) {
    BOOST_TEST(are_equal(geometry.evaluation(stored), expected), stored.height << " x " << stored.width);
  };
  is({256, 256}, {16, 16, 224, 224, kHeight, kWidth});
  is({375, 500}, {23, 86, 328, 328, kHeight, kWidth});  // 328.125
  is({500, 375}, {86, 23, 328, 328, kHeight, kWidth});
  is({1, 1}, {0, 0, 1, 1, kHeight, kWidth});
  is({1, 9}, {0, 4, 1, 1, kHeight, kWidth});
}

BOOST_AUTO_TEST_CASE(the_largest_centre_crop_has_the_shape_of_the_result) {
  const auto is = [](ImageSize stored, const ImageRequest& expected) {
    BOOST_TEST(are_equal(largest_centre_crop(stored, kHeight, kWidth), expected),
               stored.height << " x " << stored.width);
  };
  is({kHeight, kWidth}, {0, 0, kHeight, kWidth, kHeight, kWidth});
  is({40, 60}, {0, 0, 40, 60, kHeight, kWidth});
  is({40, 90}, {0, 15, 40, 60, kHeight, kWidth});
  is({101, 30}, {40, 0, 20, 30, kHeight, kWidth});
  is({25, 31}, {2, 0, 21, 31, kHeight, kWidth});  // 20.67 rows
  is({1, 1}, {0, 0, 1, 1, kHeight, kWidth});
  BOOST_TEST(are_equal(largest_centre_crop({28, 28}, 32, 32), {0, 0, 28, 28, 32, 32}));
  BOOST_CHECK_THROW(largest_centre_crop({0, 5}, kHeight, kWidth), Error);
}

BOOST_AUTO_TEST_CASE(training_crops_can_be_those_of_evaluation) {
  const CropGeometry geometry({.random_resized = false, .flip_probability = 1}, kHeight, kWidth);
  for (int64_t index = 0; index < 20; ++index)
    BOOST_TEST(are_equal(geometry.training({300, 200}, 1, 0, index), geometry.evaluation({300, 200})));
}

BOOST_AUTO_TEST_CASE(policies_out_of_their_ranges_are_refused) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const auto is_contract_violation = [](const Error& e) { return e.code() == ErrorCode::kContractViolation; };
  for (const CropPolicy& policy : std::vector<CropPolicy>{{.area_minimum = 0},
                                                          {.area_maximum = 1.01},
                                                          {.area_minimum = 0.6, .area_maximum = 0.5},
                                                          {.area_minimum = kNone},
                                                          {.area_maximum = kNone},
                                                          {.aspect_minimum = 0},
                                                          {.aspect_minimum = 2, .aspect_maximum = 1},
                                                          {.aspect_maximum = kNone},
                                                          {.flip_probability = -0.1},
                                                          {.flip_probability = 1.1},
                                                          {.flip_probability = kNone},
                                                          {.evaluation_fraction = 0},
                                                          {.evaluation_fraction = 1.1},
                                                          {.evaluation_fraction = kNone}})
    BOOST_CHECK_EXCEPTION(CropGeometry(policy, kHeight, kWidth), Error, is_contract_violation);
  BOOST_CHECK_EXCEPTION(CropGeometry({}, 0, kWidth), Error, is_contract_violation);
  BOOST_CHECK_EXCEPTION(CropGeometry({}, kHeight, 0), Error, is_contract_violation);
  const CropGeometry geometry({}, kHeight, kWidth);
  for (const ImageSize stored : {ImageSize{0, 5}, ImageSize{5, 0}, ImageSize{-1, 5}}) {
    BOOST_CHECK_EXCEPTION(geometry.training(stored, 1, 0, 0), Error, is_contract_violation);
    BOOST_CHECK_EXCEPTION(geometry.evaluation(stored), Error, is_contract_violation);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
