// Ids in order, refused ones, and the advice about idle workers.
#include "dha/nas/open_trials.hpp"

#include <boost/test/unit_test.hpp>

#include "support/error_checks.hpp"
#include "support/fake_stage.hpp"
#include "support/test_context.hpp"

namespace {

using namespace dha;
using nas::OpenTrials;

BOOST_AUTO_TEST_SUITE(open_trials)

BOOST_AUTO_TEST_CASE(trials_are_closed_below_the_lowest_open_one) {
  OpenTrials trials("dha.some");
  BOOST_TEST(trials.closed_below() == 0);
  for (int64_t id = 0; id < 4; ++id) BOOST_TEST(trials.open() == id);
  BOOST_TEST(trials.opened() == 4);
  trials.close(2);
  trials.close(1);
  BOOST_TEST(trials.closed_below() == 0);
  trials.close(0);
  BOOST_TEST(trials.closed_below() == 3);
  trials.close(3);
  BOOST_TEST(trials.closed_below() == 4);
  for (const int64_t id : {-1, 2, 4})
    BOOST_CHECK_EXCEPTION(
        trials.close(id), Error,
        test::error_with(ErrorCode::kContractViolation, "dha.some", "trial " + std::to_string(id), "not open"));
}

BOOST_AUTO_TEST_CASE(workers_that_would_be_idle_are_named) {
  test::FakeStage stage;
  test::TestContext context;
  nas::warn_of_idle_workers(stage, 1, context);  // no "trials" in the stage's text
  stage.stage_json = R"({"trials": {"parallel": 4}})";
  nas::warn_of_idle_workers(stage, 4, context);
  BOOST_TEST(context.warnings.empty());
  nas::warn_of_idle_workers(stage, 3, context);
  BOOST_TEST_REQUIRE(context.warnings.size() == 1u);
  BOOST_TEST(context.warnings[0].find("'parallel' is 4") != std::string::npos);
  BOOST_TEST(context.warnings[0].find("increase 'max_open' to 4") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
