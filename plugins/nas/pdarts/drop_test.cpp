// Drops on edges whose answers are found by hand.
#include "drop.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>

#include "support/error_checks.hpp"
#include "support/toy_space.hpp"

namespace {

using namespace dha;
using pdarts::drop_weakest;
using pdarts::OpenCandidates;
using test::error_with;

// Two inputs with four operations each, and a block with three.
const std::vector<Choice> kChoices{test::toy_choice("node", 2, 4, 2, true), test::toy_choice("block", 1, 3, 1, false)};
const OpenCandidates kAll{{0, 1, 2, 3, 4, 5, 6, 7}, {0, 1, 2}};
const nas::Strengths kStrengths{{0.1, 0.4, 0.3, 0.2, /**/ 0.25, 0.25, 0.1, 0.4}, {0.2, 0.5, 0.3}};

BOOST_AUTO_TEST_SUITE(pdarts_drop)

BOOST_AUTO_TEST_CASE(the_weakest_of_each_edge_go) {
  BOOST_TEST((drop_weakest(kChoices, kAll, kStrengths, 1) == OpenCandidates{{1, 2, 3, 4, 5, 7}, {1, 2}}));
  BOOST_TEST((drop_weakest(kChoices, kAll, kStrengths, 2) == OpenCandidates{{1, 2, 5, 7}, {1}}));
  BOOST_TEST((drop_weakest(kChoices, kAll, kStrengths, 0) == kAll));
}

BOOST_AUTO_TEST_CASE(what_is_closed_already_does_not_count) {
  BOOST_TEST((drop_weakest(kChoices, {{0, 3, 4, 6}, {0, 2}}, kStrengths, 1) == OpenCandidates{{3, 4}, {2}}));
}

BOOST_AUTO_TEST_CASE(an_edge_keeps_at_least_one) {
  BOOST_CHECK_EXCEPTION(drop_weakest(kChoices, kAll, kStrengths, 3), Error,
                        error_with(ErrorCode::kInvalidConfig, "'drop' is 3", "'block' has only 3", "input 0"));
  BOOST_CHECK_EXCEPTION(pdarts::check_drop(kChoices, {{0, 1, 2, 4}, {0, 1, 2}}, 1), Error,
                        error_with(ErrorCode::kInvalidConfig, "'node' has only 1", "input 1"));
}

BOOST_AUTO_TEST_CASE(none_alone_is_not_left) {
  const std::vector<Choice> edge{{"edge", {{"none", 0}, {"skip_connect", 0}, {"conv", 0}}, 1, false}};
  BOOST_TEST((drop_weakest(edge, {{0, 1, 2}}, {{0.6, 0.1, 0.3}}, 1) == OpenCandidates{{0, 2}}));
  BOOST_TEST((drop_weakest(edge, {{0, 1, 2}}, {{0.6, 0.1, 0.3}}, 2) == OpenCandidates{{2}}));
}

BOOST_AUTO_TEST_CASE(a_strength_must_be_a_number) {
  nas::Strengths broken = kStrengths;
  broken[1][1] = std::nan("");
  BOOST_CHECK_EXCEPTION(drop_weakest(kChoices, kAll, broken, 1), Error,
                        error_with(ErrorCode::kDiverged, "'op1' in choice 'block'"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
