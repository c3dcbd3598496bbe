// dha.nsga_net as the host meets it: generations, survivors, fronts, constraints, inherited weights.
#include "nsga_net_trials.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
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
using test::error_with;

struct Search {
  explicit Search(const std::string& params = "{}", uint64_t seed = 1, std::vector<Choice> choices = test::toy_cell())
      : context(seed), space(std::move(choices)), searcher(test::complete_params<NsgaNetTrials>(params), context) {}
  void attach() { searcher.attach(space, stage); }

  void tell(int64_t id, double accuracy, double multiply_adds, TrialStatus status = TrialStatus::kFinished) {
    TrialOutcome outcome;
    outcome.id = id;
    outcome.status = status;
    if (status == TrialStatus::kFinished) outcome.measurements.set(quantity::kValidationAccuracy, accuracy);
    outcome.cost.set(quantity::kMultiplyAdds, multiply_adds);
    searcher.tell(outcome);
  }

  // The accuracy grows with the cost, and with how even the candidates of a choice are.
  void tell(const Trial& trial) {
    const double cost = space.cost(trial.architecture).at(quantity::kMultiplyAdds);
    double even = 0;
    for (const std::vector<int64_t>& kept : space.decisions(trial.architecture))
      for (const int64_t candidate : kept) even += candidate % 2 == 0 ? 1 : 0;
    tell(trial.id, 0.1 * even + cost / 5000, cost);
  }

  std::vector<Trial> run(int64_t count) {
    std::vector<Trial> trials;
    for (int64_t i = 0; i < count; ++i) {
      trials.push_back(searcher.ask().value());
      tell(trials.back());
    }
    return trials;
  }

  test::TestContext context;
  test::ToySpace space;
  test::FakeStage stage;
  NsgaNetTrials searcher;
};

// Of the front, above an accuracy of 0 and more multiply-adds than any architecture has.
double hypervolume_of(const Search& search) {
  const json artefact = json::parse(search.searcher.artefacts().at(0).content);
  std::vector<nas::Objectives> points;
  for (const json& one : artefact.at("front"))
    points.push_back({-one.at("validation_accuracy").get<double>(), one.at("multiply_adds").get<double>()});
  return nas::hypervolume(points, {0, 2000});
}

BOOST_AUTO_TEST_SUITE(nsga_net_trials)

BOOST_AUTO_TEST_CASE(a_generation_waits_for_the_whole_one_before_it) {
  Search search;
  search.attach();
  std::set<std::string> seen;
  const auto ask_for = [&](int64_t count) {
    std::vector<Trial> trials;
    for (int64_t i = 0; i < count; ++i) {
      trials.push_back(search.searcher.ask().value());
      BOOST_TEST(seen.insert(trials.back().architecture).second);
      BOOST_TEST(!trials.back().start);
    }
    BOOST_TEST(!search.searcher.ask());
    return trials;
  };
  const std::vector<Trial> first = ask_for(40);
  for (size_t i = 1; i < first.size(); ++i) search.tell(first[i]);
  BOOST_TEST(!search.searcher.ask());
  search.tell(first[0]);
  for (int generation = 1; generation < 4; ++generation)
    for (const Trial& trial : ask_for(20)) search.tell(trial);
  BOOST_TEST(json::parse(search.searcher.report())["generation"] == 3);
}

BOOST_AUTO_TEST_CASE(trials_do_not_depend_on_the_order_of_outcomes) {
  constexpr const char* kParams = R"({"population": 10, "offspring": 6, "inherit": true})";
  Search early(kParams), late(kParams);
  for (Search* search : {&early, &late}) search->attach();
  const std::vector<Trial> expected = early.run(60);
  std::vector<Trial> open;
  for (size_t asked = 0; asked < expected.size();) {
    if (const std::optional<Trial> trial = late.searcher.ask()) {
      BOOST_TEST(trial->architecture == expected[asked].architecture);
      BOOST_TEST(trial->start.has_value() == expected[asked].start.has_value());
      if (trial->start) BOOST_TEST(trial->start->trial.value() == expected[asked].start->trial.value());
      open.push_back(*trial);
      ++asked;
      continue;
    }
    BOOST_TEST_REQUIRE(!open.empty());
    late.tell(open.back());
    open.pop_back();
  }
}

// One objective, so that the survivors are the four best so far.
BOOST_AUTO_TEST_CASE(parents_are_the_survivors_and_weights_are_kept_for_them) {
  Search search(R"({"minimise": [], "population": 4, "offspring": 4, "inherit": true})");
  search.attach();
  std::vector<Trial> trials;
  std::vector<std::pair<double, int64_t>> ranked;
  std::set<int64_t> parents, survivors;
  for (int64_t i = 0; i < 60; ++i) {
    if (i % 4 == 0) {
      std::sort(ranked.rbegin(), ranked.rend());
      ranked.resize(std::min<size_t>(ranked.size(), 4));
      survivors.clear();
      for (const auto& [accuracy, id] : ranked) survivors.insert(id);
    }
    for (const int64_t id : survivors) BOOST_TEST(search.searcher.needs_weights(id));
    trials.push_back(search.searcher.ask().value());
    BOOST_TEST(trials.back().start.has_value() == (i >= 4));
    if (i >= 4) {
      const int64_t parent = trials.back().start->trial.value();
      BOOST_TEST(survivors.contains(parent));
      parents.insert(parent);
    }
    const double accuracy = std::fmod(static_cast<double>(i) * 0.61803, 1);
    ranked.emplace_back(accuracy, i);
    search.tell(i, accuracy, 0);
    BOOST_TEST(search.searcher.needs_weights(i));
  }
  BOOST_TEST(parents.size() > 5u);
  int64_t kept = 0;
  for (int64_t id = 0; id < 56; ++id) kept += search.searcher.needs_weights(id) ? 1 : 0;
  BOOST_TEST(kept == 4);
  Search scratch;
  scratch.attach();
  scratch.run(3);
  BOOST_TEST(!scratch.searcher.needs_weights(0));
}

BOOST_AUTO_TEST_CASE(the_front_has_what_no_trial_dominates) {
  Search search(R"({"population": 8})");
  search.attach();
  for (int i = 0; i < 8; ++i) search.searcher.ask();
  BOOST_TEST(search.searcher.outcomes().empty());
  search.tell(3, 0.5, 100);
  search.tell(1, 0.5, 100);         // equal
  search.tell(0, 0.9, 300);         // the most accurate
  search.tell(2, 0.4, 100);         // dominated
  search.tell(4, 0.6, 200);         // dominated by the last one
  search.tell(5, std::nan(""), 1);  // not measured
  search.tell(6, 0, 1, TrialStatus::kFailed);
  search.tell(7, 0.7, 200);
  BOOST_TEST(search.searcher.outcomes() == (std::vector<int64_t>{0, 7, 1, 3}), boost::test_tools::per_element());
  const std::vector<Artefact> artefacts = search.searcher.artefacts();
  BOOST_TEST_REQUIRE(artefacts.size() == 1u);
  BOOST_TEST(artefacts[0].file == "front.json");
  const json front = json::parse(artefacts[0].content);
  BOOST_TEST(front["objectives"] == json::parse(R"([{"quantity": "validation_accuracy", "better": "greater"},
                                                    {"quantity": "multiply_adds", "better": "smaller"}])"));
  BOOST_TEST(front["front"].size() == 4u);
  BOOST_TEST(front["front"][1] == json::parse(R"({"id": 7, "validation_accuracy": 0.7, "multiply_adds": 200.0})"));
  // Against an accuracy of 0.4 and 300 multiply-adds.
  const json report = json::parse(search.searcher.report());
  BOOST_TEST(report["finished"] == 6);
  BOOST_TEST(report["objectives"] == front["objectives"]);
  BOOST_TEST(std::fabs(report["hypervolume"].get<double>() - (0.1 * 200 + 0.2 * 100)) < 1e-9);
}

BOOST_AUTO_TEST_CASE(the_front_grows_further_than_by_random_search) {
  double bred = 0, random = 0;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Search nsga(R"({"population": 20, "offspring": 10})", seed), draws(R"({"population": 200})", seed);
    for (Search* search : {&nsga, &draws}) {
      search->attach();
      search->run(200);
    }
    bred += hypervolume_of(nsga);
    random += hypervolume_of(draws);
  }
  BOOST_TEST(bred > 1.1 * random);
}

BOOST_AUTO_TEST_CASE(forbidden_architectures_are_redrawn) {
  Search search(R"({"population": 10, "offspring": 5})");
  const auto is_allowed = [](const std::string& architecture) { return architecture.find("op3") == std::string::npos; };
  search.stage.allow_only(is_allowed);
  search.attach();
  for (const Trial& trial : search.run(40)) BOOST_TEST(is_allowed(trial.architecture));
}

// A limit that hardly a random architecture meets, and no second try: ever smaller violations lead there.
BOOST_AUTO_TEST_CASE(rejected_trials_lead_to_allowed_ones) {
  Search search(R"({"population": 20, "offspring": 20, "retries": 0, "inherit": true})");
  search.stage.on_margins = [&](const std::string& architecture) {
    const double cost = search.space.cost(architecture).at(quantity::kMultiplyAdds);
    return std::vector<Margin>{{quantity::kMultiplyAdds, cost, 600, cost <= 600}};
  };
  search.attach();
  int64_t early = 0, late = 0;
  std::set<int64_t> finished;
  for (int64_t i = 0; i < 400; ++i) {
    const Trial trial = search.searcher.ask().value();
    if (trial.start) BOOST_TEST(finished.contains(trial.start->trial.value()));
    const bool is_allowed = search.stage.allows(trial.architecture);
    (i < 40 ? early : late) += is_allowed ? 1 : 0;
    if (!is_allowed) {
      search.tell(trial.id, 0, 0, TrialStatus::kRejected);
      continue;
    }
    search.tell(trial);
    finished.insert(trial.id);
  }
  BOOST_TEST(early <= 2);
  BOOST_TEST(late >= 100);
  for (const int64_t id : search.searcher.outcomes()) BOOST_TEST(finished.contains(id));
}

BOOST_AUTO_TEST_CASE(a_generation_of_failures_is_followed_by_random_ones) {
  Search search(R"({"population": 3, "offspring": 2, "inherit": true})");
  search.attach();
  for (int i = 0; i < 5; ++i) {
    const Trial trial = search.searcher.ask().value();
    BOOST_TEST(!trial.start);
    search.tell(trial.id, 0, 0, TrialStatus::kFailed);
  }
  BOOST_TEST(!search.searcher.ask()->start);
  BOOST_TEST(!json::parse(search.searcher.report()).contains("hypervolume"));
}

// Four architectures in all: repeats come when there is no other.
BOOST_AUTO_TEST_CASE(repeats_come_last) {
  Search search(R"({"population": 3, "offspring": 3})", 1, {test::toy_choice("node", 2, 2, 2, true)});
  search.attach();
  std::set<std::string> seen;
  for (const Trial& trial : search.run(6)) seen.insert(trial.architecture);
  BOOST_TEST(seen.size() == 4u);
}

BOOST_AUTO_TEST_CASE(objectives_are_checked) {
  BOOST_CHECK_EXCEPTION(Search(R"({"maximise": ["latency"], "minimise": ["latency"]})"), Error,
                        error_with(ErrorCode::kInvalidParameter, "'latency' twice"));
  BOOST_CHECK_EXCEPTION(Search(R"({"maximise": [], "minimise": []})"), Error,
                        error_with(ErrorCode::kInvalidParameter, "both empty"));
  Search search(R"({"minimise": ["latency"]})");
  search.attach();
  BOOST_CHECK_EXCEPTION(search.tell(search.searcher.ask()->id, 0.5, 10), Error,
                        error_with(ErrorCode::kInvalidConfig, "no 'latency'", "validation_accuracy, multiply_adds"));
  BOOST_CHECK_EXCEPTION(search.tell(7, 0.5, 10), Error,
                        error_with(ErrorCode::kContractViolation, "dha.nsga_net", "trial 7"));
  Search fixed("{}", 1, {});
  BOOST_CHECK_EXCEPTION(fixed.attach(), Error, error_with(ErrorCode::kInvalidConfig, "no choices"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
