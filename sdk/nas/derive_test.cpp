// Derivation by edge and limits on skip connections, on cells whose answers are found by hand.
#include "dha/nas/derive.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "dha/nas/decided_gates.hpp"
#include "support/error_checks.hpp"

namespace {

using dha::Choice;
using dha::Decisions;
using dha::ErrorCode;
using namespace dha::nas;
using dha::test::error_with;
using Positions = std::vector<int64_t>;

constexpr double kNever = -std::numeric_limits<double>::infinity();

// A node with all `operations` on each of `inputs` inputs, input by input.
Choice node(const std::string& name, int64_t inputs, const std::vector<std::string>& operations, int64_t keep = 2,
            bool distinct_inputs = true) {
  Choice choice{name, {}, keep, distinct_inputs};
  for (int64_t input = 0; input < inputs; ++input)
    for (const std::string& operation : operations) choice.candidates.push_back({operation, input});
  return choice;
}

const std::vector<std::string> kOperations{"none", "skip_connect", "conv"};

void check(const Decisions& found, const Decisions& expected) {
  BOOST_TEST_REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i)
    BOOST_TEST(found[i] == expected[i], "choice " << i << " keeps other candidates: " << found[i].size());
}

BOOST_AUTO_TEST_SUITE(derive)

// Edge by edge the best of skip and conv is 0.3, 0.4, 0.35; the largest number of all is a none, and input 0 would win
// by it.
BOOST_AUTO_TEST_CASE(an_edge_is_as_strong_as_its_best_operation_but_none) {
  const std::vector<Choice> choices{node("normal.node1", 3, kOperations)};
  check(derive_by_edge(choices, {{0.6, 0.3, 0.1, /**/ 0.2, 0.4, 0.4, /**/ 0.45, 0.2, 0.35}}), {{4, 8}});
  check(derive_by_edge(choices, {{0.6, 0.3, 0.1, /**/ 0.2, 0.4, 0.4, /**/ 0.45, 0.2, 0.35}}, {}), {{0, 6}});
}

BOOST_AUTO_TEST_CASE(ties_go_to_the_first) {
  const std::vector<Choice> choices{node("normal.node1", 3, kOperations)};
  check(derive_by_edge(choices, {std::vector<double>(9, 1.0 / 3)}), {{1, 4}});
}

BOOST_AUTO_TEST_CASE(a_choice_with_one_input_keeps_its_strongest_candidate) {
  const std::vector<Choice> choices{{"block", {{"small", 0}, {"large", 0}, {"zero", 0}}, 1, false}};
  check(derive_by_edge(choices, {{0.2, 0.3, 0.5}}), {{2}});
  check(derive_by_edge(choices, {{0.2, 0.3, 0.5}}, {"zero"}), {{1}});
}

BOOST_AUTO_TEST_CASE(none_is_kept_where_the_rule_lets_it) {
  const std::vector<Choice> choices{node("cell.node0", 2, kOperations), node("edge", 1, kOperations, 1, false)};
  const Strengths given{{0.9, 0.1, 0, /**/ 0.9, 0, 0.1}, {0.6, 0.3, 0.1}};
  const auto kept = [&](const char* rule) {
    Strengths strengths = given;
    exclude_none(choices, none_rule(rule), strengths);
    return derive_by_edge(choices, strengths, {});
  };
  check(kept("never"), {{1, 5}, {1}});
  check(kept("single_input"), {{1, 5}, {0}});
  check(kept("always"), {{0, 3}, {0}});
}

BOOST_AUTO_TEST_CASE(an_input_serves_twice_only_where_it_may) {
  const std::vector<double> strengths{0.1, 0.4, 0.5, /**/ 0.9, kNever, kNever};
  check(derive_by_edge({node("a", 2, kOperations, 2, false)}, {strengths}), {{1, 2}});
  BOOST_CHECK_EXCEPTION(derive_by_edge({node("a", 2, kOperations)}, {strengths}), dha::Error,
                        error_with(ErrorCode::kInvalidConfig, "'a' keeps 2", "only 1 of distinct inputs"));
}

BOOST_AUTO_TEST_CASE(preference_for_the_strongest_ignores_inputs_unless_the_choice_demands_them) {
  const std::vector<double> strengths{0.5, 0.4, 9, /**/ 0.1, 0.2, 0, /**/ 1, 0.3, 0.25};
  const std::vector<double> one_edge{0.5, 0.4, 9, /**/ 0.1, 0.2, 0, /**/ 0.1, 0.3, 0.25};
  const auto per_element = boost::test_tools::per_element();
  BOOST_TEST(keep_strongest(node("a", 3, kOperations, 2, false), one_edge, Preference::kStrongest) == (Positions{0, 2}),
             per_element);
  BOOST_TEST(keep_strongest(node("a", 3, kOperations, 2, true), one_edge, Preference::kStrongest) == (Positions{2, 7}),
             per_element);
  BOOST_TEST(
      keep_strongest(node("a", 3, kOperations, 2, false), strengths, Preference::kStrongest) == (Positions{2, 6}),
      per_element);
  BOOST_TEST(keep_strongest(node("a", 3, kOperations, 2, false), one_edge) == (Positions{2, 7}), per_element);
}

BOOST_AUTO_TEST_CASE(strengths_that_make_no_sense_are_refused) {
  const std::vector<Choice> choices{node("a", 2, kOperations)};
  BOOST_CHECK_EXCEPTION(derive_by_edge(choices, {{0, std::nan(""), 0, 0, 0, 0}}), dha::Error,
                        error_with(ErrorCode::kDiverged, "'skip_connect' in choice 'a'"));
  BOOST_CHECK_EXCEPTION(derive_by_edge(choices, {{0, 1}}), dha::Error,
                        error_with(ErrorCode::kContractViolation, "got 2 strengths", "its 6 candidates"));
  BOOST_CHECK_EXCEPTION(derive_by_edge(choices, {}), dha::Error,
                        error_with(ErrorCode::kContractViolation, "0 choices"));
}

// Two nodes of two and three inputs. Unlimited, both edges of node0 and the edges 0 and 2 of node1 are kept, three of
// them skips.
struct Skips {
  std::vector<Choice> choices{node("normal.node0", 2, kOperations), node("normal.node1", 3, kOperations),
                              node("reduce.node0", 2, kOperations)};
  Strengths strengths{{0, 0.9, 0.1, /**/ 0, 0.5, 0.4},
                      {0, 0.6, 0.2, /**/ 0, 0.1, 0.3, /**/ 0, 0.2, 0.7},
                      {0, 0.8, 0.1, /**/ 0, 0.7, 0.1}};
  Decisions with(const std::vector<OperationLimit>& limits) const {
    return derive_by_edge(choices, strengths, {"none"}, limits);
  }
};

// The weakest skip is that of node0 from input 1 (0.5): its edge stays, with the convolution. The next one is node1's
// from input 0 (0.6), whose edge (0.2) is then weaker than input 1 (0.3). The last is node0's from input 0.
BOOST_FIXTURE_TEST_CASE(the_weakest_skips_go_first_and_their_edges_are_compared_again, Skips) {
  const Positions reduction{1, 4};
  check(with({}), {{1, 4}, {1, 8}, reduction});
  check(with({{"skip_connect", 3, "normal"}}), {{1, 4}, {1, 8}, reduction});
  check(with({{"skip_connect", 2, "normal"}}), {{1, 5}, {1, 8}, reduction});
  check(with({{"skip_connect", 1, "normal"}}), {{1, 5}, {5, 8}, reduction});
  check(with({{"skip_connect", 0, "normal"}}), {{2, 5}, {5, 8}, reduction});
}

BOOST_FIXTURE_TEST_CASE(limits_hold_for_their_cell_or_for_all, Skips) {
  check(with({{"skip_connect", 1, "reduce"}}), {{1, 4}, {1, 8}, {1, 5}});
  check(with({{"skip_connect", 2, "normal"}, {"skip_connect", 0, "reduce"}}), {{1, 5}, {1, 8}, {2, 5}});
  check(with({{"skip_connect", 2, ""}}), {{1, 5}, {5, 8}, {1, 5}});
  check(with({{"conv", 0, "normal"}}), {{1, 4}, {1, 7}, {1, 4}});
}

BOOST_AUTO_TEST_CASE(a_limit_that_cannot_be_met_is_an_error) {
  const std::vector<Choice> choices{node("normal.node0", 2, {"none", "skip_connect"})};
  BOOST_CHECK_EXCEPTION(
      derive_by_edge(choices, {{0, 1, 0, 2}}, {"none"}, {{"skip_connect", 1, "normal"}}), dha::Error,
      error_with(ErrorCode::kInvalidConfig, "at most 1 of 'skip_connect' in cell 'normal'", "'normal.node0'"));
}

BOOST_AUTO_TEST_CASE(every_operation_of_every_input_can_be_kept) {
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal;
  const Choice choice = node("a", 5, {"a", "b", "c", "d", "e", "f", "g"});
  for (const Preference preference : {Preference::kDistinctInputs, Preference::kStrongest}) {
    std::set<int64_t> seen;
    for (int repeat = 0; repeat < 400; ++repeat) {
      std::vector<double> strengths(35);
      for (double& value : strengths) value = normal(random);
      const Positions kept = keep_strongest(choice, strengths, preference);
      BOOST_TEST_REQUIRE(kept.size() == 2u);
      BOOST_TEST_REQUIRE(kept[0] / 7 != kept[1] / 7);
      seen.insert(kept.begin(), kept.end());
    }
    BOOST_TEST(seen.size() == 35u);
  }
}

BOOST_AUTO_TEST_CASE(decided_gates_have_weight_one_and_are_frozen) {
  const dha::Gates gates = decided_gates({{1, 5}, {2}}, at::TensorOptions(at::kDouble));
  BOOST_TEST(!gates.needs_gradient);
  BOOST_TEST_REQUIRE(gates.choices.size() == 2u);
  BOOST_TEST(gates.choices[0].active == (Positions{1, 5}), boost::test_tools::per_element());
  BOOST_TEST(gates.choices[1].active == (Positions{2}), boost::test_tools::per_element());
  for (const dha::ChoiceGates& choice : gates.choices) {
    BOOST_TEST(choice.frozen);
    BOOST_TEST(choice.observed.empty());
    BOOST_TEST((choice.weights.scalar_type() == at::kDouble));
    BOOST_TEST(choice.weights.size(0) == static_cast<int64_t>(choice.active.size()));
    BOOST_TEST(choice.weights.eq(1).all().item<bool>());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
