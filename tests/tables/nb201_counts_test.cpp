// The weights that dha.nb201 counts against those that NAS-Bench-201 published, for all of its 15,625 architectures.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "dha/quantities.hpp"
#include "space.hpp"
#include "support/complete_params.hpp"
#include "support/test_context.hpp"
#include "tables/converted.hpp"
#include "tables/table.hpp"

namespace {

using namespace dha;

// Of the network for a data set of the benchmark, with 16 channels and 5 cells per stage.
double count_of(const nb201::Nb201Space& space, const std::vector<int64_t>& operations) {
  Decisions decisions;
  for (const int64_t operation : operations) decisions.push_back({operation});
  return space.cost(space.architecture(decisions)).find(quantity::kParameters).value();
}

// The first of the six digits runs slowest.
std::vector<int64_t> digits_of(size_t row) {
  std::vector<int64_t> digits(6);
  for (size_t i = 6; i-- > 0; row /= 5) digits[i] = static_cast<int64_t>(row % 5);
  return digits;
}

void check_counts(const std::string& data, int64_t classes, int64_t side) {
  test::TestContext context;
  nb201::Nb201Space space(test::complete_params<nb201::Nb201Space>("{}"), context);
  DatasetInfo info;
  info.classes = classes;
  info.channels = 3;
  info.height = info.width = side;
  space.prepare(info);
  const test::Table sizes(test::file_of("nasbench201-" + data + "-model_size"));
  BOOST_TEST_REQUIRE(sizes.size() == 15625u);
  size_t differing = 0;
  for (size_t row = 0; row < sizes.size(); ++row) {
    const double count = count_of(space, digits_of(row));
    // The table has millions of weights; a few entries differ from seed to seed.
    const std::vector<double>& published = sizes.results(row);
    differing += std::none_of(published.begin(), published.end(),
                              [count](double millions) { return std::abs(1e6 * millions - count) < 1; });
  }
  BOOST_TEST(differing == 0u, data << ": " << differing << " of 15625 counts are no published one");
}

BOOST_AUTO_TEST_SUITE(nb201_counts, *boost::unit_test::precondition(test::has_tables))

BOOST_AUTO_TEST_CASE(cifar10) { check_counts("cifar10", 10, 32); }
BOOST_AUTO_TEST_CASE(cifar100) { check_counts("cifar100", 100, 32); }
BOOST_AUTO_TEST_CASE(imagenet16) { check_counts("imagenet", 120, 16); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
