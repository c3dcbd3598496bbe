// What is said of a saved state that does not fit.
#include "dha/nas/state.hpp"

#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "support/error_checks.hpp"

namespace {

using namespace dha;
using namespace dha::nas;
using dha::test::error_with;

const std::vector<Choice> kChoices{{"node0", {{"conv", 0}, {"skip", 1}, {"conv", 1}}, 2, true},
                                   {"node1", {{"conv", 0}, {"skip", 0}}, 1, false}};

BOOST_AUTO_TEST_SUITE(saved_state)

BOOST_AUTO_TEST_CASE(tensors_are_found_by_name_and_shape) {
  State state;
  state.tensors["alpha"] = at::zeros({2, 3});
  BOOST_TEST(saved_tensor(state, "alpha", {2, 3}).is_same(state.tensors["alpha"]));
  const auto refused = [](const auto&... parts) { return error_with(ErrorCode::kInvalidParameter, parts...); };
  BOOST_CHECK_EXCEPTION(saved_tensor(state, "beta", {2}), Error, refused("tensor 'beta' is missing"));
  BOOST_CHECK_EXCEPTION(saved_tensor(state, "alpha", {6}), Error, refused("'alpha'", "(2, 3)", "expected (6)"));
  BOOST_CHECK_EXCEPTION(refuse_state("it is blue"), Error, refused("the saved state cannot be taken: it is blue"));
}

BOOST_AUTO_TEST_CASE(choices_are_compared_by_name_and_candidates) {
  const std::string saved = choices_json(kChoices);
  BOOST_TEST(nlohmann::json::parse(saved) ==
             nlohmann::json::parse(R"([{"name": "node0", "candidates": [["conv", 0], ["skip", 1], ["conv", 1]]},
                                       {"name": "node1", "candidates": [["conv", 0], ["skip", 0]]}])"));
  check_saved_choices(saved, kChoices);
  const auto refused = [&](std::vector<Choice> choices, const char* part) {
    BOOST_CHECK_EXCEPTION(check_saved_choices(saved, choices), Error, error_with(ErrorCode::kInvalidParameter, part));
  };
  refused({kChoices[0]}, "it has 2 choices, expected the 1");
  refused({kChoices[0], {"node7", kChoices[1].candidates, 1, false}}, "choice 1 is \"node1\", expected 'node7'");
  refused({kChoices[0], {"node1", {{"conv", 0}, {"skip", 1}}, 1, false}}, "choice 'node1' has other candidates");
  for (const char* text : {"", "nonsense", "{}", "7"})
    BOOST_CHECK_EXCEPTION(check_saved_choices(text, kChoices), Error,
                          error_with(ErrorCode::kInvalidParameter, "malformed"));
  BOOST_CHECK_EXCEPTION(check_saved_choices("[1, null]", kChoices), Error,
                        error_with(ErrorCode::kInvalidParameter, "choice 0 is null"));
}

BOOST_AUTO_TEST_CASE(decisions_are_checked_against_their_choice) {
  check_saved_decision(kChoices[0], {0, 1});
  check_saved_decision(kChoices[1], {1});
  for (const std::vector<int64_t>& kept :
       std::vector<std::vector<int64_t>>{{}, {0}, {1, 0}, {0, 0}, {0, 3}, {-1, 0}, {1, 2}, {0, 1, 2}})
    BOOST_CHECK_EXCEPTION(check_saved_decision(kChoices[0], kept), Error,
                          error_with(ErrorCode::kInvalidParameter, "'node0'", "2 different ones of its 3"));
}

BOOST_AUTO_TEST_CASE(values_go_to_a_tensor_and_back) {
  const std::vector<double> values{1, -0.5, 1e300};
  const at::Tensor tensor = as_tensor(values);
  BOOST_TEST((tensor.scalar_type() == at::kDouble));
  BOOST_TEST(as_values(tensor) == values, boost::test_tools::per_element());
  BOOST_TEST(as_values(as_tensor({0.5, 2}).to(at::kFloat)) == (std::vector<double>{0.5, 2}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
