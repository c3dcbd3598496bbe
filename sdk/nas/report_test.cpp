// The texts of reports and warnings.
#include "dha/nas/report.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

#include "support/fake_stage.hpp"
#include "support/test_context.hpp"

namespace {

using namespace dha;

BOOST_AUTO_TEST_SUITE(nas_report)

BOOST_AUTO_TEST_CASE(strengths_are_listed_with_what_is_kept) {
  const std::vector<Choice> choices{{"node", {{"skip", 0}, {"conv", 1}, {"none", 1}}, 2, true}};
  BOOST_TEST(nas::strengths_json(choices, {{0.5, 0.25, -std::numeric_limits<double>::infinity()}}, {{0, 1}}) ==
             R"({"choices":[{"name":"node","kept":["skip@0","conv@1"],"strengths":[0.5,0.25,null]}]})");
}

BOOST_AUTO_TEST_CASE(a_violated_constraint_is_named) {
  test::TestContext context;
  test::FakeStage stage;
  stage.allow_only([](const std::string& architecture) { return architecture == "small"; });
  nas::warn_of_violations(context, stage, "small");
  BOOST_TEST(context.warnings.empty());
  nas::warn_of_violations(context, stage, "large");
  BOOST_TEST_REQUIRE(context.warnings.size() == 1u);
  BOOST_TEST(context.warnings[0].find("parameters = 2.0 (limit 1.0)") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
