// Orders and splits: what an independent program draws, and what each is promised to be.
#include "data/sample_order.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <sstream>
#include <string>

#include "data/counter_random.hpp"
#include "data/crop_geometry.hpp"
#include "dha/error.hpp"
#include "support/chi_square.hpp"
#include "support/paths.hpp"

namespace {

using namespace dha;
using test::chi_square;
using test::chi_square_limit;
using Indices = std::vector<int64_t>;

Indices counting(int64_t count) {
  Indices indices(static_cast<size_t>(count));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  return indices;
}

Indices sorted(Indices indices) {
  std::sort(indices.begin(), indices.end());
  return indices;
}

// Labels of sets from one image to some hundred, from even to one class that has nearly all.
std::vector<Indices> label_lists() {
  std::mt19937_64 random(31);
  std::vector<Indices> lists{{}, {4}, {0, 0, 0}, {2, 1}};
  for (const int64_t classes : {2, 3, 10, 40})
    for (const double skew : {1.0, 3.0, 12.0})
      for (const size_t size : {size_t{7}, size_t{100}, size_t{333}}) {
        Indices labels(size);
        for (int64_t& label : labels) {
          const double uniform = static_cast<double>(random() >> 11) * 0x1p-53;
          label = static_cast<int64_t>(static_cast<double>(classes) * std::pow(uniform, skew));
        }
        lists.push_back(labels);
      }
  return lists;
}

std::map<int64_t, int64_t> counts_of(const Indices& labels) {
  std::map<int64_t, int64_t> counts;
  for (const int64_t label : labels) ++counts[label];
  return counts;
}

// expected.txt has a line for each case: what it is, its arguments, its result.
size_t check_line(const std::string& line) {
  std::istringstream words(line);
  std::string what;
  words >> what;
  std::vector<uint64_t> values;
  for (uint64_t value = 0; words >> value;) values.push_back(value);
  const auto given = [&](size_t i) { return static_cast<int64_t>(values.at(i)); };
  BOOST_TEST_CONTEXT(line) {
    if (what == "permutation") {
      const Indices expected(values.begin() + 3, values.end());
      BOOST_TEST(epoch_permutation(given(0), values.at(1), given(2)) == expected, boost::test_tools::per_element());
      return 1;
    }
    BOOST_TEST_REQUIRE(what == "crop");
    const ImageRequest found =
        CropGeometry({}, 224, 224).training({given(0), given(1)}, values.at(2), given(3), given(4));
    const Indices crop{found.crop_top, found.crop_left, found.crop_height, found.crop_width, found.flip ? 1 : 0};
    BOOST_TEST(crop == Indices(values.begin() + 5, values.end()), boost::test_tools::per_element());
  }
  return 1;
}

BOOST_AUTO_TEST_SUITE(sample_order)

BOOST_AUTO_TEST_CASE(orders_and_crops_are_those_of_an_independent_program) {
  std::ifstream file(test::source_dir() / "tests/golden/sample_order/expected.txt");
  size_t lines = 0;
  for (std::string line; std::getline(file, line);) lines += check_line(line);
  BOOST_TEST(lines == 101U);
}

// The known answers of Random123, the library of the generator's authors.
BOOST_AUTO_TEST_CASE(philox_gives_the_known_answers) {
  using Block = std::array<uint32_t, 4>;
  const uint32_t ones = 0xffffffff;
  BOOST_TEST((philox({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  BOOST_TEST((philox({ones, ones, ones, ones}, {ones, ones}) == Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  BOOST_TEST((philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
              Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

BOOST_AUTO_TEST_CASE(numbers_below_a_bound_are_equally_likely) {
  for (const uint64_t bound : {uint64_t{1}, uint64_t{2}, uint64_t{13}, uint64_t{100}}) {
    CounterRandom random(5, RandomPurpose::kCrop, 0, 0);
    std::vector<double> counts(bound);
    for (uint64_t i = 0; i < bound * 1000; ++i) ++counts.at(random.below(bound));
    if (bound > 1) BOOST_TEST(chi_square(counts) < chi_square_limit(bound));
  }
  // Three of eight 64-bit numbers lie above this bound, and must not be folded onto small results.
  const uint64_t large = (uint64_t{1} << 63) + (uint64_t{1} << 61);
  CounterRandom random(6, RandomPurpose::kCrop, 0, 0);
  std::vector<double> counts(20);
  for (int i = 0; i < 20000; ++i) ++counts.at(static_cast<size_t>(random.below(large) / (large / 20 + 1)));
  BOOST_TEST(chi_square(counts) < chi_square_limit(20));
}

BOOST_AUTO_TEST_CASE(a_permutation_has_each_index_once_and_depends_on_seed_and_epoch) {
  for (const int64_t n : {0, 1, 2, 3, 100, 4097}) BOOST_TEST((sorted(epoch_permutation(n, 3, 5)) == counting(n)));
  const Indices order = epoch_permutation(100, 3, 5);
  BOOST_TEST((order == epoch_permutation(100, 3, 5)));
  BOOST_TEST((order != epoch_permutation(100, 4, 5)));
  BOOST_TEST((order != epoch_permutation(100, 3, 6)));
}

BOOST_AUTO_TEST_CASE(permutations_are_equally_likely) {
  std::map<Indices, size_t> position;
  Indices order = counting(4);
  do position.emplace(order, position.size());
  while (std::next_permutation(order.begin(), order.end()));
  std::vector<double> counts(position.size());
  for (int64_t epoch = 0; epoch < 24 * 500; ++epoch) ++counts.at(position.at(epoch_permutation(4, 9, epoch)));
  BOOST_TEST(chi_square(counts) < chi_square_limit(24));
}

BOOST_AUTO_TEST_CASE(every_beginning_of_a_stratified_order_has_each_class_in_its_share) {
  for (const Indices& labels : label_lists()) {
    const Indices order = stratified_order(labels, 17);
    BOOST_TEST_REQUIRE((sorted(order) == counting(static_cast<int64_t>(labels.size()))));
    const std::map<int64_t, int64_t> whole = counts_of(labels);
    std::map<int64_t, int64_t> taken;
    double largest = 0;
    for (size_t m = 0; m < order.size(); ++m) {
      ++taken[labels[static_cast<size_t>(order[m])]];
      for (const auto& [label, n] : whole)
        largest = std::max(
            largest, std::fabs(static_cast<double>(taken[label]) - static_cast<double>(m + 1) * static_cast<double>(n) /
                                                                       static_cast<double>(order.size())));
    }
    BOOST_TEST(largest < 1, "off by " << largest << " images of " << order.size() << " in " << whole.size());
  }
}

BOOST_AUTO_TEST_CASE(a_stratified_order_is_random_within_a_class) {
  const Indices labels{0, 0, 1, 0, 1, 0};  // the four of class 0 can come in 24 orders
  std::map<Indices, double> counts;
  for (uint64_t seed = 0; seed < 24 * 200; ++seed) {
    Indices first_class;
    for (const int64_t i : stratified_order(labels, seed))
      if (labels[static_cast<size_t>(i)] == 0) first_class.push_back(i);
    ++counts[first_class];
  }
  BOOST_TEST_REQUIRE(counts.size() == 24U);
  std::vector<double> all;
  for (const auto& [order, count] : counts) all.push_back(count);
  BOOST_TEST(chi_square(all) < chi_square_limit(24));
  BOOST_TEST((stratified_order(labels, 3) == stratified_order(labels, 3)));
}

BOOST_AUTO_TEST_CASE(a_split_takes_its_share_of_each_class) {
  for (const Indices& labels : label_lists())
    for (const double fraction : {0.0, 0.001, 0.1, 0.5, 0.77, 0.999}) {
      const TrainValidationSplit split = stratified_split(labels, fraction, 23);
      BOOST_TEST(std::is_sorted(split.train.begin(), split.train.end()));
      BOOST_TEST(std::is_sorted(split.validation.begin(), split.validation.end()));
      Indices all = split.train;
      all.insert(all.end(), split.validation.begin(), split.validation.end());
      BOOST_TEST_REQUIRE((sorted(all) == counting(static_cast<int64_t>(labels.size()))));
      std::map<int64_t, int64_t> taken;
      for (const int64_t i : split.validation) ++taken[labels[static_cast<size_t>(i)]];
      bool is_clamped = false;
      for (const auto& [label, n] : counts_of(labels)) {
        if (fraction == 0 || n < 2) {
          BOOST_TEST(taken[label] == 0);
          is_clamped = true;
          continue;
        }
        const double share = fraction * static_cast<double>(n);
        BOOST_TEST(taken[label] >= 1);
        BOOST_TEST(taken[label] < n);
        is_clamped = is_clamped || share < 1 || share > static_cast<double>(n) - 1;
        if (share >= 1 && share <= static_cast<double>(n) - 1)
          BOOST_TEST(std::fabs(static_cast<double>(taken[label]) - share) < 1);
      }
      if (!is_clamped)
        BOOST_TEST(static_cast<int64_t>(split.validation.size()) ==
                   std::llround(fraction * static_cast<double>(labels.size())));
    }
}

BOOST_AUTO_TEST_CASE(a_split_takes_any_image_of_a_class_and_repeats_with_its_seed) {
  const Indices labels{5, 5, 5, 1, 5, 5};
  std::vector<double> counts(labels.size());
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const TrainValidationSplit split = stratified_split(labels, 0.2, seed);
    BOOST_TEST_REQUIRE(split.validation.size() == 1U);
    ++counts[static_cast<size_t>(split.validation[0])];
  }
  BOOST_TEST(counts[3] == 0);  // the only image of its class stays in train
  counts.erase(counts.begin() + 3);
  BOOST_TEST(chi_square(counts) < chi_square_limit(5));
  BOOST_TEST((stratified_split(labels, 0.5, 1).validation == stratified_split(labels, 0.5, 1).validation));
}

BOOST_AUTO_TEST_CASE(other_fractions_are_refused) {
  for (const double fraction : {1.0, -0.1, 1.5, std::numeric_limits<double>::quiet_NaN()})
    BOOST_CHECK_EXCEPTION(stratified_split(Indices{0, 1}, fraction, 1), Error,
                          [](const Error& e) { return e.code() == ErrorCode::kInvalidConfig; });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
