// The texts of reports.
#include "dha/nas/report.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

namespace {

using namespace dha;

BOOST_AUTO_TEST_SUITE(nas_report)

BOOST_AUTO_TEST_CASE(strengths_are_listed_with_what_is_kept) {
  const std::vector<Choice> choices{{"node", {{"skip", 0}, {"conv", 1}, {"none", 1}}, 2, true}};
  BOOST_TEST(nas::strengths_json(choices, {{0.5, 0.25, -std::numeric_limits<double>::infinity()}}, {{0, 1}}) ==
             R"({"choices":[{"name":"node","kept":["skip@0","conv@1"],"strengths":[0.5,0.25,null]}]})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
