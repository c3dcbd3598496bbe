// dha.evolution as the host meets it: parents, ageing, waiting, failures, constraints, inherited weights.
#include "evolution_trials.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "support/complete_params.hpp"
#include "support/error_checks.hpp"
#include "support/fake_stage.hpp"
#include "support/test_context.hpp"
#include "support/toy_space.hpp"

namespace {

using namespace dha;
using nlohmann::json;

constexpr const char* kTunable = R"({
  "/hyper/momentum": {"name": "momentum", "type": "real", "tuning_range": [0.5, 0.9]},
  "/batch_size": {"name": "batch_size", "type": "integer", "one_of": [32, 64, 128]}})";

struct Search {
  explicit Search(const std::string& params, uint64_t seed = 1)
      : context(seed),
        space(test::toy_cell(), &context),
        searcher(test::complete_params<EvolutionTrials>(params), context) {
    stage.tunable_json = kTunable;
  }
  void attach() { searcher.attach(space, stage); }

  void tell(int64_t id, double accuracy, TrialStatus status = TrialStatus::kFinished) {
    TrialOutcome outcome;
    outcome.id = id;
    outcome.status = status;
    if (status == TrialStatus::kFinished) outcome.measurements.set(quantity::kValidationAccuracy, accuracy);
    searcher.tell(outcome);
  }

  // Asks for `count` trials and tells each at once.
  std::vector<Trial> run(int64_t count, const std::function<double(int64_t)>& accuracy) {
    std::vector<Trial> trials;
    for (int64_t i = 0; i < count; ++i) {
      trials.push_back(searcher.ask().value());
      tell(trials.back().id, accuracy(trials.back().id));
    }
    return trials;
  }

  // Kept candidates of `trial` that `other` does not keep.
  int64_t distance(const Trial& trial, const Trial& other) const {
    const Decisions a = space.decisions(trial.architecture), b = space.decisions(other.architecture);
    int64_t count = 0;
    for (size_t i = 0; i < a.size(); ++i)
      for (const int64_t kept : a[i]) count += std::count(b[i].begin(), b[i].end(), kept) ? 0 : 1;
    return count;
  }

  test::TestContext context;
  test::ToySpace space;
  test::FakeStage stage;
  EvolutionTrials searcher;
};

BOOST_AUTO_TEST_SUITE(evolution_trials)

// A tournament of many draws from few members finds the best of them. It is the latest four trials that count: trial 2,
// the best of all, is a parent up to trial 6 and never again.
BOOST_AUTO_TEST_CASE(the_parent_is_the_best_of_the_latest_trials) {
  Search search(R"({"population": 4, "tournament": 200, "inherit": true})");
  search.attach();
  const std::vector<double> accuracy{0.1, 0.2, 0.9, 0.3, 0.4, 0.1, 0.5, 0.2, 0.3, 0.2, 0.1};
  const std::vector<Trial> trials =
      search.run(static_cast<int64_t>(accuracy.size()), [&](int64_t id) { return accuracy[static_cast<size_t>(id)]; });
  const std::vector<int64_t> parents{-1, -1, -1, -1, 2, 2, 2, 6, 6, 6, 6};
  for (size_t i = 0; i < trials.size(); ++i) {
    BOOST_TEST_CONTEXT("trial " << i) {
      BOOST_TEST(trials[i].start.has_value() == (parents[i] >= 0));
      if (parents[i] < 0) continue;
      BOOST_TEST(trials[i].start->trial.value() == parents[i]);
      BOOST_TEST(search.distance(trials[i], trials[static_cast<size_t>(parents[i])]) == 1);
    }
  }
}

// With a tournament of one draw, every member is a parent sooner or later.
BOOST_AUTO_TEST_CASE(a_tournament_of_one_chooses_any_member) {
  std::set<int64_t> parents;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Search search(R"({"population": 4, "tournament": 1, "inherit": true})", seed);
    search.attach();
    parents.insert(search.run(5, [](int64_t id) { return static_cast<double>(id); }).back().start->trial.value());
  }
  BOOST_TEST((parents == std::set<int64_t>{0, 1, 2, 3}));
}

// Outcomes come one at a time in the one search; in the other as late as ask() allows, and the other way round.
BOOST_AUTO_TEST_CASE(trials_do_not_depend_on_the_order_of_outcomes) {
  constexpr const char* kParams =
      R"({"population": 5, "tournament": 2, "max_open": 3, "over": ["architecture", "settings"]})";
  const auto accuracy = [](int64_t id) { return std::fmod(static_cast<double>(id) * 0.37, 1); };
  Search early(kParams), late(kParams);
  for (Search* search : {&early, &late}) search->attach();
  const std::vector<Trial> expected = early.run(40, accuracy);
  std::vector<int64_t> open;
  size_t most_open = 0;
  for (size_t asked = 0; asked < expected.size();) {
    if (const std::optional<Trial> trial = late.searcher.ask()) {
      BOOST_TEST(trial->architecture == expected[asked].architecture);
      BOOST_TEST(trial->settings == expected[asked].settings);
      open.push_back(trial->id);
      if (++asked > 5) most_open = std::max(most_open, open.size());
      continue;
    }
    BOOST_TEST_REQUIRE(!open.empty());
    late.tell(open.back(), accuracy(open.back()));
    open.pop_back();
  }
  BOOST_TEST(most_open >= 3u);
}

BOOST_AUTO_TEST_CASE(later_trials_wait_for_all_but_the_latest_outcomes) {
  Search search(R"({"population": 3, "max_open": 2})");
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

// Only finished trials join: random ones stand in for those that failed, and a child's failure does not age anyone.
BOOST_AUTO_TEST_CASE(failed_and_rejected_trials_are_no_parents) {
  Search search(R"({"population": 3, "tournament": 200, "inherit": true})");
  search.attach();
  for (const auto& [accuracy, status] : {std::pair{0.9, TrialStatus::kFailed},
                                         {0.1, TrialStatus::kFinished},
                                         {0.9, TrialStatus::kRejected},
                                         {0.2, TrialStatus::kFinished}}) {
    const Trial trial = search.searcher.ask().value();
    BOOST_TEST(!trial.start);
    search.tell(trial.id, accuracy, status);
  }
  search.tell(search.searcher.ask()->id, std::nan(""));
  const Trial last_random = search.searcher.ask().value();
  BOOST_TEST(!last_random.start);
  search.tell(last_random.id, 0.15);
  for (int i = 0; i < 3; ++i) {
    const Trial child = search.searcher.ask().value();
    BOOST_TEST(child.start->trial.value() == 3);
    search.tell(child.id, 0.9, TrialStatus::kFailed);
  }
  BOOST_TEST(search.searcher.outcomes() == (std::vector<int64_t>{3}), boost::test_tools::per_element());
  BOOST_CHECK_EXCEPTION(search.tell(3, 0.1), Error, test::error_with(ErrorCode::kContractViolation, "trial 3"));
}

BOOST_AUTO_TEST_CASE(all_architectures_satisfy_the_constraints) {
  Search search(R"({"population": 5, "tournament": 3})");
  const auto is_allowed = [](const std::string& architecture) { return architecture.find("op3") == std::string::npos; };
  search.stage.allow_only(is_allowed);
  search.attach();
  for (const Trial& trial : search.run(40, [](int64_t id) { return static_cast<double>(id); }))
    BOOST_TEST(is_allowed(trial.architecture));
}

// A study over settings alone never names an architecture, and never asks about one.
BOOST_AUTO_TEST_CASE(settings_evolve_one_at_a_time) {
  Search search(R"({"over": ["settings"], "population": 2, "tournament": 50, "inherit": true, "keep": 2})");
  search.stage.decided = R"({"choices": []})";
  search.attach();
  const std::vector<Trial> trials = search.run(30, [](int64_t id) { return -static_cast<double>(id); });
  for (const Trial& trial : trials) {
    BOOST_TEST(trial.architecture.empty());
    if (!trial.start) continue;
    const json mine = json::parse(trial.settings),
               theirs = json::parse(trials[static_cast<size_t>(trial.start->trial.value())].settings);
    BOOST_TEST(mine.size() == 2u);
    BOOST_TEST((mine["/batch_size"] == theirs["/batch_size"]) !=
               (mine["/hyper/momentum"] == theirs["/hyper/momentum"]));
  }
  BOOST_TEST(search.searcher.outcomes() == (std::vector<int64_t>{0, 1}), boost::test_tools::per_element());
  BOOST_TEST(search.stage.asked.empty());
}

BOOST_AUTO_TEST_CASE(weights_are_kept_as_long_as_a_trial_can_be_a_parent) {
  Search search(R"({"population": 3, "tournament": 1, "max_open": 2, "inherit": true})"), scratch("{}");
  for (Search* one : {&search, &scratch}) one->attach();
  scratch.run(3, [](int64_t) { return 0.5; });
  BOOST_TEST(!scratch.searcher.needs_weights(2));
  std::set<int64_t> kept;
  for (int64_t i = 0; i < 30; ++i) {
    const Trial trial = search.searcher.ask().value();
    if (trial.start) BOOST_TEST(kept.contains(trial.start->trial.value()));
    search.tell(trial.id, 0.5, i % 7 == 3 ? TrialStatus::kFailed : TrialStatus::kFinished);
    BOOST_TEST(search.searcher.needs_weights(trial.id) == (i % 7 != 3));
    kept.clear();
    for (int64_t id = 0; id <= i; ++id)
      if (search.searcher.needs_weights(id)) kept.insert(id);
  }
  BOOST_TEST(kept.size() == 4u);  // the population, and the trial that joins it next
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
