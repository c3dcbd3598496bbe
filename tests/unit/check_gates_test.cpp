// Which gates a network is never given.
#include "component/check_gates.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "support/error_checks.hpp"
#include "support/toy_space.hpp"

namespace {

using namespace dha;

const std::vector<Choice> kChoices = {test::toy_choice("block", 1, 4, 2, false)};

ChoiceGates sound() { return {{1, 3}, at::ones({2}), {2, 0}, false}; }

void check(const ChoiceGates& gates) { check_gates({{gates}}, kChoices, at::kCPU, "acme.searcher"); }

// Refused with the searcher, the choice, and `why`.
void check_refused(const ChoiceGates& gates, const std::string& why) {
  BOOST_CHECK_EXCEPTION(check(gates), Error,
                        test::error_with(ErrorCode::kContractViolation, "acme.searcher", "'block'", why));
}

BOOST_AUTO_TEST_SUITE(gates_of_a_searcher)

BOOST_AUTO_TEST_CASE(sound_ones_pass) {
  check(sound());
  check({{}, at::empty({0}), {}, false});
  check({{0, 1, 2, 3}, at::ones({4}, at::kDouble), {}, false});
  check({{1, 3}, at::ones({2}), {}, true});
}

BOOST_AUTO_TEST_CASE(candidates_are_of_the_choice) {
  for (const std::vector<int64_t>& active : std::vector<std::vector<int64_t>>{{3, 1}, {1, 1}, {-1, 2}, {1, 4}}) {
    ChoiceGates gates = sound();
    gates.active = active;
    gates.observed = {};
    check_refused(gates, "the active candidates [");
  }
  for (const std::vector<int64_t>& observed : std::vector<std::vector<int64_t>>{{3}, {0, 0}, {-1}, {4}}) {
    ChoiceGates gates = sound();
    gates.observed = observed;
    check_refused(gates, "the observed candidates [");
  }
}

BOOST_AUTO_TEST_CASE(each_active_candidate_has_a_weight) {
  for (const at::Tensor& weights : {at::Tensor(), at::ones({3}), at::ones({2, 1}), at::ones({2}, at::kLong)}) {
    ChoiceGates gates = sound();
    gates.weights = weights;
    check_refused(gates, "no weight of floating type for each of 2 active candidates");
  }
}

BOOST_AUTO_TEST_CASE(weights_lie_on_the_device) {
  ChoiceGates gates = sound();
  gates.weights = at::ones({2}, at::TensorOptions(at::kMeta));
  check_refused(gates, "weights on device meta; expected cpu");
}

BOOST_AUTO_TEST_CASE(a_frozen_choice_keeps_what_it_shall) {
  for (const std::vector<int64_t>& active : std::vector<std::vector<int64_t>>{{}, {1}, {0, 1, 2}})
    check_refused({active, at::ones({static_cast<int64_t>(active.size())}), {}, true},
                  "active candidates although they are frozen; expected the 2 that the choice keeps");

  const Choice distinct{"edge", {{"pool", 0}, {"skip", 0}, {"pool", 1}}, 2, true};
  check_gates({{{{0, 2}, at::ones({2}), {}, true}}}, {distinct}, at::kCPU, "acme.searcher");
  BOOST_CHECK_EXCEPTION(check_gates({{{{0, 1}, at::ones({2}), {}, true}}}, {distinct}, at::kCPU, "acme.searcher"),
                        Error, test::error_with(ErrorCode::kContractViolation, "'edge'", "read the same input"));
}

BOOST_AUTO_TEST_CASE(a_finished_searcher_freezes_every_choice) {
  check_gates({{{{1, 3}, at::ones({2}), {}, true}}}, kChoices, at::kCPU, "acme.searcher", true);
  BOOST_CHECK_EXCEPTION(
      check_gates({{{{1, 3}, at::ones({2}), {}, false}}}, kChoices, at::kCPU, "acme.searcher", true), Error,
      test::error_with(ErrorCode::kContractViolation, "acme.searcher: gates()", "'block'", "not frozen"));
}

BOOST_AUTO_TEST_CASE(every_choice_has_an_entry) {
  BOOST_CHECK_EXCEPTION(check_gates({}, kChoices, at::kCPU, "acme.searcher"), Error,
                        test::error_with(ErrorCode::kContractViolation, "acme.searcher", "0 entries for 1 choices"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
