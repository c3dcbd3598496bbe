// Densities against Optuna's (tests/golden/tpe), and samples against the densities.
#include "parzen_estimator.hpp"

#include <ATen/CPUGeneratorImpl.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/chi_square.hpp"
#include "support/paths.hpp"

namespace {

using dha::ParzenEstimator;
using dha::nas::Dimension;
using nlohmann::json;
using Points = std::vector<ParzenEstimator::Point>;

json golden() {
  std::ifstream file(dha::test::source_dir() / "tests/golden/tpe/tpe.json");
  return json::parse(file);
}

Dimension dimension_of(const json& law) {
  if (law.contains("values")) return {.values = law["values"]};
  return {0, law["minimum"], law["maximum"], law["integer"], law["log"]};
}

ParzenEstimator estimator_of(const json& one) {
  std::vector<Dimension> dimensions;
  for (const json& dimension : one.at("dimensions")) dimensions.push_back(dimension_of(dimension));
  return {dimensions, one.at("observed").get<Points>()};
}

BOOST_AUTO_TEST_SUITE(parzen_estimator)

BOOST_AUTO_TEST_CASE(densities_are_those_of_optuna) {
  const json all = golden();
  BOOST_TEST_REQUIRE(all["cases"].size() == 27u);
  for (const json& one : all["cases"]) {
    BOOST_TEST_CONTEXT(one["dimensions"].dump() << ", " << one["observed"].size() << " trials") {
      const std::vector<double> found = estimator_of(one).log_densities(one["queried"].get<Points>());
      BOOST_TEST_REQUIRE(found.size() == one["log_densities"].size());
      for (size_t i = 0; i < found.size(); ++i)
        BOOST_TEST(std::fabs(found[i] - one["log_densities"][i].get<double>()) < 1e-8);
    }
  }
}

// Counts of all points of two small dimensions together.
BOOST_AUTO_TEST_CASE(samples_of_integers_and_values_follow_the_density) {
  const ParzenEstimator estimator({{0, 1, 6, true, true}, {.values = 3}}, {{2, 1}, {2, 0}, {5, 1}, {6, 1}});
  constexpr int64_t kDraws = 20000;
  Points cells;
  for (double number = 1; number <= 6; ++number)
    for (double value = 0; value < 3; ++value) cells.push_back({number, value});
  std::vector<double> expected, found(cells.size());
  double sum = 0;
  for (const double log_density : estimator.log_densities(cells)) {
    expected.push_back(kDraws * std::exp(log_density));
    sum += std::exp(log_density);
  }
  BOOST_TEST(sum == 1, boost::test_tools::tolerance(1e-9));
  for (const auto& point : estimator.sample(kDraws, at::detail::createCPUGenerator(3)))
    ++found[static_cast<size_t>((point[0] - 1) * 3 + point[1])];
  BOOST_TEST(dha::test::chi_square(found, expected) < dha::test::chi_square_limit(cells.size()));
}

// Counts in slices of a range, against the density integrated by the midpoint rule.
void check_number(const Dimension& dimension, const Points& observed) {
  const ParzenEstimator estimator({dimension}, observed);
  constexpr int64_t kDraws = 20000, kSlices = 20, kSteps = 200;
  const auto scaled = [&](double number) { return dimension.is_logarithmic ? std::log(number) : number; };
  const double low = scaled(dimension.minimum), range = scaled(dimension.maximum) - low;
  std::vector<double> expected(kSlices), found(kSlices);
  Points midpoints;
  for (int64_t i = 0; i < kSlices * kSteps; ++i) {
    const double middle = low + range * (static_cast<double>(i) + 0.5) / (kSlices * kSteps);
    midpoints.push_back({dimension.is_logarithmic ? std::exp(middle) : middle});
  }
  const std::vector<double> densities = estimator.log_densities(midpoints);
  for (size_t i = 0; i < densities.size(); ++i)
    expected[i / kSteps] += kDraws * std::exp(densities[i]) * range / (kSlices * kSteps);
  for (const auto& point : estimator.sample(kDraws, at::detail::createCPUGenerator(3))) {
    BOOST_TEST_REQUIRE((point[0] >= dimension.minimum && point[0] <= dimension.maximum));
    ++found[std::min<size_t>(kSlices - 1, static_cast<size_t>((scaled(point[0]) - low) / range * kSlices))];
  }
  BOOST_TEST(dha::test::chi_square(found, expected) < dha::test::chi_square_limit(kSlices));
}

BOOST_AUTO_TEST_CASE(samples_of_numbers_follow_the_density) {
  check_number({0, -1, 3, false, false}, {{-0.9}, {0.1}, {0.3}, {2.9}});
  check_number({0, 1e-4, 1, false, true}, {{1e-4}, {1e-3}, {0.9}});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
