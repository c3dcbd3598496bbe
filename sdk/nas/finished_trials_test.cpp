// Which trials count, and in which order.
#include "dha/nas/finished_trials.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <string>
#include <vector>

namespace {

using namespace dha;
using nas::FinishedTrials;
using nas::Objective;
using Ids = std::vector<int64_t>;

TrialOutcome outcome(int64_t id, double value, TrialStatus status = TrialStatus::kFinished,
                     const std::string& name = quantity::kValidationAccuracy) {
  TrialOutcome result;
  result.id = id;
  result.status = status;
  result.measurements.set(name, value);
  return result;
}

BOOST_AUTO_TEST_SUITE(finished_trials)

BOOST_AUTO_TEST_CASE(the_best_comes_first_and_ties_go_to_the_lower_id) {
  FinishedTrials trials;
  BOOST_TEST(trials.ids().empty());
  for (const auto& [id, value] :
       std::vector<std::pair<int64_t, double>>{{5, 0.5}, {2, 0.7}, {9, 0.9}, {1, 0.7}, {0, 0.1}})
    BOOST_TEST(trials.add(outcome(id, value)));
  BOOST_TEST(trials.ids() == (Ids{9, 1, 2, 5, 0}), boost::test_tools::per_element());
  BOOST_TEST(trials.ranked()[0].value == 0.9);
}

BOOST_AUTO_TEST_CASE(only_finished_trials_with_a_finite_measurement_count) {
  FinishedTrials trials;
  BOOST_TEST(!trials.add(outcome(0, 0.9, TrialStatus::kFailed)));
  BOOST_TEST(!trials.add(outcome(1, 0.9, TrialStatus::kStopped)));
  BOOST_TEST(!trials.add(outcome(2, 0.9, TrialStatus::kRejected)));
  BOOST_TEST(!trials.add(outcome(3, std::nan(""))));
  BOOST_TEST(!trials.add(outcome(4, 0.9, TrialStatus::kFinished, quantity::kTrainAccuracy)));
  BOOST_TEST(trials.add(outcome(5, 0.0)));
  BOOST_TEST(trials.ids() == Ids{5}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(other_quantities_and_smaller_ones_can_be_preferred) {
  FinishedTrials trials(quantity::kValidationLoss, Objective::kSmallest);
  for (const int64_t id : {0, 1, 2})
    trials.add(outcome(id, id == 1 ? 0.5 : 1.5, TrialStatus::kFinished, quantity::kValidationLoss));
  BOOST_TEST(trials.ids() == (Ids{1, 0, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
