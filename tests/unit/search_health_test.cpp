// Counting skip connections per cell.
#include "stage/search_health.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace dha;

Choice choice(const std::string& name) {
  return {name, {{"skip_connect", 0}, {"none", 0}, {"sep_conv_3x3", 0}, {"identity", 1}, {"zero", 1}}, 2, false};
}

BOOST_AUTO_TEST_SUITE(search_health)

BOOST_AUTO_TEST_CASE(skips_count_per_cell) {
  const std::vector<Choice> choices{choice("normal.node0"), choice("normal.node1"), choice("reduce.node0"),
                                    choice("reduce.node1"), choice("edge")};
  const std::vector<SkipCount> counts = count_skips(choices, {{0, 2}, {1, 3}, {2}, {2, 4}, {}});
  BOOST_TEST_REQUIRE(counts.size() == 3u);
  BOOST_TEST((counts[0].cell == "normal" && counts[0].skips == 3 && counts[0].kept == 4));
  BOOST_TEST((counts[1].cell == "reduce" && counts[1].skips == 1 && counts[1].kept == 3));
  BOOST_TEST((counts[2].cell.empty() && counts[2].share() == 0));
  BOOST_TEST(counts[0].share() == 0.75);
}

BOOST_AUTO_TEST_CASE(more_skips_than_other_operations_are_a_collapse) {
  BOOST_TEST((SkipCount{"", 3, 4}.is_collapsed()));
  BOOST_TEST((!SkipCount{"", 2, 4}.is_collapsed()));
  BOOST_TEST((!SkipCount{"", 3, 3}.is_collapsed()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
