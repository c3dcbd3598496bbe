// Which candidates a choice keeps.
#include "pick.hpp"

#include <boost/test/unit_test.hpp>
#include <random>
#include <set>

#include "dha/error.hpp"

namespace {

using dha::Choice;
using dha::ista::PickRule;
using dha::nas::NoneRule;
using Positions = std::vector<int64_t>;

// `inputs` inputs with `operations` candidates each, input by input.
Choice node(int64_t inputs, int64_t operations, bool distinct_inputs = true, int64_t keep = 2) {
  Choice choice{"node", {}, keep, distinct_inputs};
  for (int64_t input = 0; input < inputs; ++input)
    for (int64_t operation = 0; operation < operations; ++operation)
      choice.candidates.push_back({"op" + std::to_string(operation), input});
  return choice;
}

std::vector<int64_t> pick(const Choice& choice, const std::vector<double>& coefficients, PickRule rule,
                          NoneRule none = NoneRule::kAlways) {
  return dha::ista::pick(choice, dha::ista::strengths(choice, coefficients, rule, none), rule);
}

BOOST_AUTO_TEST_SUITE(picking)

BOOST_AUTO_TEST_CASE(none_is_kept_where_the_rule_allows_it) {
  Choice edge = node(1, 3, false, 1), cell = node(2, 3);
  for (Choice* choice : {&edge, &cell})
    for (dha::Candidate& candidate : choice->candidates)
      if (candidate.operation == "op0") candidate.operation = "none";
  for (const PickRule rule : {PickRule::kSigned, PickRule::kMagnitude}) {
    const std::vector<double> of_edge{3, 1, 2}, of_cell{3, 1, 2, 4, 1, 0};
    BOOST_TEST(pick(edge, of_edge, rule, NoneRule::kNever) == Positions{2}, boost::test_tools::per_element());
    BOOST_TEST(pick(edge, of_edge, rule, NoneRule::kSingleInput) == Positions{0}, boost::test_tools::per_element());
    BOOST_TEST(pick(cell, of_cell, rule, NoneRule::kSingleInput) == (Positions{2, 4}),
               boost::test_tools::per_element());
    BOOST_TEST(pick(cell, of_cell, rule, NoneRule::kAlways) == (Positions{0, 3}), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(signed_rule_takes_the_best_operation_of_the_best_two_inputs) {
  const std::vector<double> z{0.5, 0.4, -9, /**/ 0.1, 0.2, 0, /**/ -1, 0.3, 0.25};
  BOOST_TEST(pick(node(3, 3), z, PickRule::kSigned) == (Positions{0, 7}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(magnitude_rule_takes_the_largest_absolute_values) {
  const std::vector<double> z{0.5, 0.4, -9, /**/ 0.1, 0.2, 0, /**/ -1, 0.3, 0.25};
  BOOST_TEST(pick(node(3, 3, false), z, PickRule::kMagnitude) == (Positions{2, 6}), boost::test_tools::per_element());
  const std::vector<double> one_edge{0.5, 0.4, -9, /**/ 0.1, 0.2, 0, /**/ -0.1, 0.3, 0.25};
  BOOST_TEST(pick(node(3, 3, false), one_edge, PickRule::kMagnitude) == (Positions{0, 2}),
             boost::test_tools::per_element());
  BOOST_TEST(pick(node(3, 3, true), one_edge, PickRule::kMagnitude) == (Positions{2, 7}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(zeros_and_ties_still_give_a_full_and_stable_answer) {
  for (const PickRule rule : {PickRule::kSigned, PickRule::kMagnitude}) {
    BOOST_TEST(pick(node(3, 3), std::vector<double>(9, 0.0), rule) == (Positions{0, 3}),
               boost::test_tools::per_element());
    BOOST_TEST(pick(node(1, 4, false, 1), std::vector<double>{0, 2, 2, 1}, rule) == Positions{1},
               boost::test_tools::per_element());
  }
  BOOST_TEST(pick(node(2, 2), std::vector<double>{-1, -2, -3, -4}, PickRule::kSigned) == (Positions{0, 2}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(one_input_serves_two_where_that_is_allowed) {
  BOOST_TEST(pick(node(1, 4, false), std::vector<double>{1, 3, 2, 0}, PickRule::kSigned) == (Positions{1, 2}),
             boost::test_tools::per_element());
  BOOST_CHECK_EXCEPTION(pick(node(1, 4, true), std::vector<double>{1, 3, 2, 0}, PickRule::kSigned), dha::Error,
                        [](const dha::Error& e) { return e.code() == dha::ErrorCode::kInvalidConfig; });
  BOOST_CHECK_THROW(pick(node(1, 1, false), std::vector<double>{1}, PickRule::kMagnitude), dha::Error);
}

BOOST_AUTO_TEST_CASE(every_operation_of_every_input_can_be_kept) {
  // The released code never considers the last operation of an input.
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal;
  for (const PickRule rule : {PickRule::kSigned, PickRule::kMagnitude}) {
    const Choice choice = node(5, 7);
    std::set<int64_t> seen;
    for (int repeat = 0; repeat < 400; ++repeat) {
      std::vector<double> z(35);
      for (double& value : z) value = normal(random);
      const Positions kept = pick(choice, z, rule);
      BOOST_REQUIRE(kept.size() == 2u);
      BOOST_REQUIRE(choice.candidates[static_cast<size_t>(kept[0])].input !=
                    choice.candidates[static_cast<size_t>(kept[1])].input);
      seen.insert(kept.begin(), kept.end());
    }
    BOOST_TEST(seen.size() == 35u);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
