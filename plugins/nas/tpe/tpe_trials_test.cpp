// dha.tpe as the host meets it: random beginnings, convergence, waiting, failures, refused stages.
#include "tpe_trials.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "support/complete_params.hpp"
#include "support/error_checks.hpp"
#include "support/fake_stage.hpp"
#include "support/test_context.hpp"
#include "support/toy_space.hpp"

namespace {

using namespace dha;
using nlohmann::json;
using test::error_with;

constexpr const char* kTunable = R"({
  "/hyper/learning_rate": {"name": "learning_rate", "type": "real", "log": true, "tuning_range": [0.0001, 1]},
  "/hyper/betas": {"name": "betas", "type": "list", "items": "real", "tuning_range": [[0.5, 0.9], [0.9, 0.999]]},
  "/hyper/schedule": {"name": "schedule", "type": "choice", "choices": ["constant", "cosine", "linear"]},
  "/drop_path": {"name": "drop_path", "type": "real", "tuning_range": [0.2, 0.2]},
  "/batch_size": {"name": "batch_size", "type": "integer", "tuning_range": [1, 64]}})";

struct Search {
  explicit Search(const std::string& params, uint64_t seed = 1)
      : context(seed), searcher(test::complete_params<TpeTrials>(params), context) {
    stage.tunable_json = kTunable;
    stage.decided = R"({"choices": []})";
  }
  void attach() { searcher.attach(space, stage); }

  void tell(int64_t id, double accuracy, TrialStatus status = TrialStatus::kFinished) {
    TrialOutcome outcome;
    outcome.id = id;
    outcome.status = status;
    if (status == TrialStatus::kFinished) outcome.measurements.set(quantity::kValidationAccuracy, accuracy);
    searcher.tell(outcome);
  }

  test::TestContext context;
  test::ToySpace space{test::toy_cell()};
  test::FakeStage stage;
  TpeTrials searcher;
};

// Best at a rate of 0.01 under the cosine; NaN for rates above 0.1, where a training would diverge.
double accuracy_of(const Trial& trial) {
  const json settings = json::parse(trial.settings);
  const double rate = std::log10(settings.at("/hyper/learning_rate").get<double>());
  if (rate > -1) return std::nan("");
  return 0.9 - 0.1 * std::fabs(rate + 2) - (settings.at("/hyper/schedule") == "cosine" ? 0 : 0.05);
}

// How many of the trials 40 … 79 are close to the best settings.
int64_t close_ones(const std::string& params) {
  Search search(params);
  search.attach();
  int64_t close = 0;
  for (int64_t i = 0; i < 80; ++i) {
    const Trial trial = search.searcher.ask().value();
    const json settings = json::parse(trial.settings);
    const double rate = settings.at("/hyper/learning_rate"), beta = settings.at("/hyper/betas").at(1);
    BOOST_TEST((rate >= 0.0001 && rate <= 1));
    BOOST_TEST((beta >= 0.9 && beta <= 0.999));
    BOOST_TEST(settings.at("/drop_path") == 0.2);
    BOOST_TEST(settings.at("/batch_size").is_number_integer());
    BOOST_TEST(trial.architecture.empty());
    const double accuracy = accuracy_of(trial);
    close += i >= 40 && accuracy > 0.85 ? 1 : 0;
    search.tell(trial.id, accuracy, std::isnan(accuracy) ? TrialStatus::kFailed : TrialStatus::kFinished);
  }
  return close;
}

BOOST_AUTO_TEST_SUITE(tpe_trials)

// Random settings are as close in one of twelve trials: a quarter of the rates, on the logarithmic scale, and a third
// of the schedules.
BOOST_AUTO_TEST_CASE(later_trials_are_close_to_the_best_settings) {
  BOOST_TEST(close_ones("{}") >= 20);
  BOOST_TEST(close_ones(R"({"multivariate": false})") >= 20);
  BOOST_TEST(close_ones(R"({"startup": 80})") <= 8);
}

BOOST_AUTO_TEST_CASE(failed_trials_are_avoided) {
  Search search("{}");
  search.attach();
  int64_t failed = 0;
  for (int64_t i = 0; i < 60; ++i) {
    const Trial trial = search.searcher.ask().value();
    const bool fails = json::parse(trial.settings).at("/batch_size").get<int64_t>() > 32;  // half of random ones
    failed += fails && i >= 20 ? 1 : 0;
    search.tell(trial.id, 0.5, fails ? TrialStatus::kFailed : TrialStatus::kFinished);
  }
  BOOST_TEST(failed <= 8);
}

// Outcomes come one at a time in the one search; in the other as late as ask() allows, and the other way round.
BOOST_AUTO_TEST_CASE(trials_do_not_depend_on_the_order_of_outcomes) {
  constexpr const char* kParams = R"({"startup": 6, "max_open": 4})";
  Search early(kParams), late(kParams);
  for (Search* search : {&early, &late}) search->attach();
  std::vector<Trial> expected, open;
  for (int i = 0; i < 30; ++i) {
    expected.push_back(early.searcher.ask().value());
    early.tell(expected.back().id, accuracy_of(expected.back()));
  }
  size_t most_open = 0;
  for (size_t asked = 0; asked < expected.size();) {
    if (const std::optional<Trial> trial = late.searcher.ask()) {
      BOOST_TEST(trial->settings == expected[asked].settings);
      open.push_back(*trial);
      if (++asked > 6) most_open = std::max(most_open, open.size());
      continue;
    }
    BOOST_TEST_REQUIRE(!open.empty());
    late.tell(open.back().id, accuracy_of(open.back()));
    open.pop_back();
  }
  BOOST_TEST(most_open >= 4u);
}

BOOST_AUTO_TEST_CASE(later_trials_wait_for_all_but_the_latest_outcomes) {
  Search search(R"({"startup": 3, "max_open": 2})");
  search.attach();
  for (int i = 0; i < 3; ++i) BOOST_TEST(search.searcher.ask().has_value());
  BOOST_TEST(!search.searcher.ask());
  search.tell(2, 0.3);
  search.tell(1, 0.3);
  BOOST_TEST(!search.searcher.ask());
  search.tell(0, 0.3);
  BOOST_TEST(search.searcher.ask()->id == 3);
  BOOST_TEST(search.searcher.ask()->id == 4);
  BOOST_TEST(!search.searcher.ask());
}

// Without a single finished trial there is nothing to learn from.
BOOST_AUTO_TEST_CASE(a_study_of_failures_goes_on_at_random) {
  Search search("{}"), random(R"({"startup": 100})");
  for (Search* one : {&search, &random}) {
    one->attach();
    for (int i = 0; i < 15; ++i) one->tell(one->searcher.ask()->id, 0, TrialStatus::kFailed);
  }
  BOOST_TEST(search.searcher.ask()->settings == random.searcher.ask()->settings);
  BOOST_TEST(search.searcher.outcomes().empty());
}

BOOST_AUTO_TEST_CASE(outcomes_are_the_best_finished_trials) {
  Search search(R"({"keep": 2})");
  search.attach();
  for (const double accuracy : {0.1, 0.4, 0.3}) search.tell(search.searcher.ask()->id, accuracy);
  BOOST_TEST(search.searcher.outcomes() == (std::vector<int64_t>{1, 2}), boost::test_tools::per_element());
  BOOST_TEST(json::parse(search.searcher.report())["best"]["id"] == 1);
  BOOST_CHECK_EXCEPTION(search.tell(1, 0.6), Error, error_with(ErrorCode::kContractViolation, "dha.tpe", "trial 1"));
}

BOOST_AUTO_TEST_CASE(stages_that_leave_nothing_to_search_are_refused) {
  const auto refused = [](const auto&... parts) { return error_with(ErrorCode::kInvalidConfig, parts...); };
  Search nothing("{}"), undecided("{}"), forbidden("{}");
  nothing.stage.tunable_json = "{}";
  BOOST_CHECK_EXCEPTION(nothing.attach(), Error, refused("stage 'search' has no parameter", "'ranges'"));
  undecided.stage.decided = "";
  BOOST_CHECK_EXCEPTION(undecided.attach(), Error, refused("stage 'search' has none"));
  forbidden.stage.allow_only([](const std::string&) { return false; });
  BOOST_CHECK_EXCEPTION(forbidden.attach(), Error, refused("constraint on 'parameters'", "another 'architecture'"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
