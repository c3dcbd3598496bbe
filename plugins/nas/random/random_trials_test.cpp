// dha.random as the host meets it: draws by id, constraints, repeats, outcomes.
#include "random_trials.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "support/chi_square.hpp"
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
  "/hyper/learning_rate": {"name": "learning_rate", "type": "real", "log": true, "tuning_range": [0.001, 1]},
  "/hyper/momentum": {"name": "momentum", "type": "real", "minimum": 0},
  "/batch_size": {"name": "batch_size", "type": "integer", "one_of": [32, 64]}})";

struct Search {
  explicit Search(uint64_t seed, const char* params = "{}", std::vector<Choice> choices = test::toy_cell(),
                  const char* tunable = "{}", const char* decided = "")
      : context(seed),
        space(std::move(choices), &context),
        searcher(test::complete_params<RandomTrials>(params), context) {
    stage.tunable_json = tunable;
    stage.decided = decided;
  }
  void attach() { searcher.attach(space, stage); }
  void tell(int64_t id, double accuracy, TrialStatus status = TrialStatus::kFinished) {
    TrialOutcome outcome;
    outcome.id = id;
    outcome.status = status;
    outcome.measurements.set(quantity::kValidationAccuracy, accuracy);
    searcher.tell(outcome);
  }

  test::TestContext context;
  test::ToySpace space;
  test::FakeStage stage;
  RandomTrials searcher;
};

constexpr const char* kBoth = R"({"over": ["architecture", "settings"]})";
constexpr const char* kSettings = R"({"over": ["settings"]})";

BOOST_AUTO_TEST_SUITE(random_trials)

BOOST_AUTO_TEST_CASE(trials_are_valid_different_and_the_same_in_whatever_order_outcomes_come) {
  Search a(1, kBoth, test::toy_cell(), kTunable), b(1, kBoth, test::toy_cell(), kTunable),
      other(2, kBoth, test::toy_cell(), kTunable);
  for (Search* search : {&a, &b, &other}) search->attach();
  std::set<std::string> seen;
  int alike = 0;
  for (int64_t i = 0; i < 50; ++i) {
    const Trial trial = *a.searcher.ask(), same = *b.searcher.ask();
    BOOST_TEST(trial.id == i);
    a.space.validate(trial.architecture);
    BOOST_TEST(seen.insert(trial.architecture).second);
    BOOST_TEST(trial.architecture == same.architecture);
    BOOST_TEST(trial.settings == same.settings);
    BOOST_TEST(!trial.start);
    alike += other.searcher.ask()->architecture == trial.architecture ? 1 : 0;
    if (i % 2 == 1) {  // told at once by one, late and the other way round by the other
      a.tell(i, 0.1);
      a.tell(i - 1, 0.2);
    }
    if (i % 10 == 9)
      for (int64_t id = i - 9; id <= i; ++id) b.tell(id, 0.3);
  }
  BOOST_TEST(alike == 0);
}

// The draws of a trial do not depend on those of trials before it: with another number of retries, and constraints that
// cost the first trials more draws, later settings stay the same.
BOOST_AUTO_TEST_CASE(draws_depend_on_seed_and_id_only) {
  Search free(1, kBoth, test::toy_cell(), kTunable), bound(1, kBoth, test::toy_cell(), kTunable);
  int asked = 0;
  bound.stage.allow_only([&](const std::string&) { return ++asked > 20; });
  for (Search* search : {&free, &bound}) search->attach();
  for (int64_t i = 0; i < 10; ++i) {
    const Trial one = *free.searcher.ask(), other = *bound.searcher.ask();
    BOOST_TEST(one.settings == other.settings);
    BOOST_TEST((one.architecture == other.architecture) == (i > 0));
  }
}

BOOST_AUTO_TEST_CASE(architectures_are_uniform_over_decisions) {
  std::map<std::string, double> counts;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Search search(seed, R"({"retries": 0})", {test::toy_choice("node", 2, 3, 2, true)});
    search.attach();
    for (int i = 0; i < 30; ++i) ++counts[search.searcher.ask()->architecture];
  }
  std::vector<double> found;
  for (const auto& [architecture, count] : counts) found.push_back(count);
  BOOST_TEST(found.size() == 9u);  // 3 operations on either input
  BOOST_TEST(test::chi_square(found) < test::chi_square_limit(9));
}

BOOST_AUTO_TEST_CASE(repeats_come_only_after_the_retries) {
  Search search(3, R"({"retries": 1000})", {test::toy_choice("node", 2, 2, 2, true)});
  search.attach();
  std::set<std::string> seen;
  for (int i = 0; i < 4; ++i) seen.insert(search.searcher.ask()->architecture);
  BOOST_TEST(seen.size() == 4u);
  BOOST_TEST(seen.count(search.searcher.ask()->architecture) == 1u);  // there is no fifth
}

BOOST_AUTO_TEST_CASE(settings_alone_leave_the_architecture_to_the_stage) {
  Search search(1, kSettings, test::toy_cell(), kTunable, R"({"choices": []})");
  search.attach();
  std::map<int64_t, double> counts;
  for (int i = 0; i < 400; ++i) {
    const Trial trial = *search.searcher.ask();
    BOOST_TEST(trial.architecture.empty());
    const json settings = json::parse(trial.settings);
    BOOST_TEST_REQUIRE(settings.size() == 2u);
    const double rate = settings.at("/hyper/learning_rate");
    BOOST_TEST((rate >= 0.001 && rate <= 1));
    ++counts[settings.at("/batch_size").get<int64_t>()];
  }
  BOOST_TEST(test::chi_square({counts[32], counts[64]}) < test::chi_square_limit(2));
  BOOST_TEST_REQUIRE(search.context.lines.size() == 1u);
  BOOST_TEST(search.context.lines[0].find("'/hyper/momentum' is not drawn") != std::string::npos);
  BOOST_TEST(search.stage.asked.empty());
}

BOOST_AUTO_TEST_CASE(an_architecture_alone_sets_nothing) {
  Search search(1, "{}", test::toy_cell(), kTunable);
  search.attach();
  BOOST_TEST(search.searcher.ask()->settings == "{}");
  BOOST_TEST(search.context.lines.empty());
}

BOOST_AUTO_TEST_CASE(stages_that_leave_nothing_to_draw_are_refused) {
  BOOST_CHECK_EXCEPTION(Search(1, kSettings, test::toy_cell(), kTunable).attach(), Error,
                        error_with(ErrorCode::kInvalidConfig, "stage 'search' has none", "'architecture'"));
  BOOST_CHECK_EXCEPTION(Search(1, "{}", {}).attach(), Error,
                        error_with(ErrorCode::kInvalidConfig, "no choices", "[\"settings\"]"));
  BOOST_CHECK_EXCEPTION(Search(1, kBoth).attach(), Error,
                        error_with(ErrorCode::kInvalidConfig, "stage 'search' has no parameter", "'ranges'"));
  Search(1, kSettings, {}, kTunable).attach();  // a space without choices is one architecture
  BOOST_CHECK_EXCEPTION(Search(1, R"({"over": ["weights"]})"), Error,
                        error_with(ErrorCode::kInvalidParameter, "'over'", "'weights'"));
}

BOOST_AUTO_TEST_CASE(forbidden_architectures_are_drawn_anew) {
  Search search(1);
  const auto is_allowed = [](const std::string& architecture) { return architecture.find("op3") == std::string::npos; };
  search.stage.allow_only(is_allowed);
  search.attach();
  for (int i = 0; i < 30; ++i) BOOST_TEST(is_allowed(search.searcher.ask()->architecture));
  BOOST_TEST(search.stage.asked.size() > 30u);
}

// The second constraint fails always, the first every other time; its closest value is the smallest.
BOOST_AUTO_TEST_CASE(a_constraint_that_nothing_satisfies_is_named) {
  Search search(1);
  int asked = 0;
  search.stage.on_margins = [&](const std::string&) {
    ++asked;
    return std::vector<Margin>{{"parameters", 9.0, 5.0, asked % 2 == 0},
                               {"multiply_adds", asked == 77 ? 1250.0 : 4000.0, 1000.0, false}};
  };
  search.attach();
  BOOST_CHECK_EXCEPTION(search.searcher.ask(), Error,
                        error_with(ErrorCode::kInvalidConfig, "none of 1000", "'multiply_adds'", "closest has 1250.0",
                                   "limit is 1000.0", "'constraints'"));
  BOOST_TEST(asked == 1000);
}

BOOST_AUTO_TEST_CASE(outcomes_are_the_best_finished_trials_by_validation_accuracy) {
  Search search(2, R"({"keep": 2})");
  search.attach();
  for (int i = 0; i < 6; ++i) search.searcher.ask();
  BOOST_TEST(search.searcher.outcomes().empty());
  const json objectives = json::parse(R"([{"quantity": "validation_accuracy", "better": "greater"}])");
  BOOST_TEST(json::parse(search.searcher.report()) ==
             json({{"proposed", 6}, {"finished", 0}, {"objectives", objectives}}));
  search.tell(0, 0.5);
  search.tell(1, 0.9, TrialStatus::kFailed);
  search.tell(2, std::nan(""));
  search.tell(5, 0.6);
  search.tell(3, 0.6);
  BOOST_TEST(search.searcher.outcomes() == (std::vector<int64_t>{3, 5}), boost::test_tools::per_element());
  BOOST_TEST(json::parse(search.searcher.report()) == json({{"proposed", 6},
                                                            {"finished", 3},
                                                            {"objectives", objectives},
                                                            {"best", {{"id", 3}, {"validation_accuracy", 0.6}}}}));
  const auto refused = [](const auto&... parts) { return error_with(ErrorCode::kContractViolation, parts...); };
  BOOST_CHECK_EXCEPTION(search.tell(3, 0.6), Error, refused("trial 3"));
  BOOST_CHECK_EXCEPTION(search.tell(7, 0.6), Error, refused("trial 7"));
  BOOST_TEST(!search.searcher.finished());
  Search best(2);
  best.attach();
  for (int i = 0; i < 2; ++i) best.searcher.ask();
  best.tell(0, 0.5);
  best.tell(1, 0.9);
  BOOST_TEST(best.searcher.outcomes() == (std::vector<int64_t>{1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
