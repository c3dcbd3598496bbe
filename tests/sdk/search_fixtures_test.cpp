// The example searchers and the averaging optimizer of tests/fixtures/search, as plugin files.
#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "dha/hyper_optimizer.hpp"
#include "dha/searcher.hpp"
#include "dha/trial_searcher.hpp"
#include "support/chi_square.hpp"
#include "support/error_checks.hpp"
#include "support/fake_search_services.hpp"
#include "support/fake_stage.hpp"
#include "support/plugin_component.hpp"
#include "support/plugin_file.hpp"
#include "support/test_context.hpp"
#include "support/toy_space.hpp"

namespace dha {

namespace {

using nlohmann::json;

template <class Interface>
std::unique_ptr<Interface> example(const std::string& name, const std::string& id, Context& context,
                                   const std::string& params = "{}") {
  const dha_plugin& plugin = test::load_plugin(test::build_dir() / "fixtures" / "search" / (name + ".so"));
  return test::component_of<Interface>(plugin, id, context, params);
}

// A path sampler on a toy space, and services that rate every path by `accuracy_of`.
struct Sampling {
  explicit Sampling(std::vector<Choice> choices, const std::string& params = "{}", uint64_t seed = 1)
      : context(seed),
        space(std::move(choices)),
        searcher(example<Searcher>("path_sampler", "test.path_sampler", context, params)) {
    searcher->attach(space, stage);
    services.on_evaluate = [this](const Gates& gates, const EvaluationRequest&) {
      Evaluation evaluation;
      evaluation.accuracy = at::scalar_tensor(accuracy_of(gates));
      return evaluation;
    };
  }

  Gates gates(GatePurpose purpose) { return searcher->gates({purpose, {}}); }

  Decisions step() {
    searcher->before_step(services);
    return active(gates(GatePurpose::kWeightStep));
  }

  static Decisions active(const Gates& gates) {
    Decisions decisions;
    for (const ChoiceGates& choice : gates.choices) decisions.push_back(choice.active);
    return decisions;
  }

  test::TestContext context;
  test::ToySpace space;
  test::FakeStage stage;
  test::FakeSearchServices services;
  std::unique_ptr<Searcher> searcher;
  std::function<double(const Gates&)> accuracy_of = [](const Gates& gates) {
    return static_cast<double>(gates.choices[0].active[0]) / 10;
  };
};

TrialOutcome outcome(int64_t id, double accuracy, double cost = 1) {
  TrialOutcome outcome;
  outcome.id = id;
  outcome.measurements = {{quantity::kValidationAccuracy, accuracy}, {quantity::kValidationLoss, 1 - accuracy}};
  outcome.cost = {{quantity::kMultiplyAdds, cost}, {quantity::kParameters, -cost}};
  return outcome;
}

TrialOutcome failure(int64_t id) {
  TrialOutcome outcome;
  outcome.id = id;
  outcome.status = TrialStatus::kFailed;
  return outcome;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(path_sampler)

BOOST_AUTO_TEST_CASE(finds_the_candidates_with_the_highest_reward) {
  Sampling sampling({test::toy_choice("block", 1, 3, 1, false), test::toy_choice("node", 2, 2, 2, true)});
  sampling.accuracy_of = [](const Gates& gates) {
    return (gates.choices[0].active[0] == 1 ? 0.5 : 0) +
           (gates.choices[1].active == std::vector<int64_t>{0, 3} ? 0.5 : 0);
  };
  for (int i = 0; i < 400; ++i) sampling.step();
  BOOST_TEST(sampling.searcher->architecture() == R"({"choices":[["op1@0"],["op0@0","op1@1"]]})");
  for (const EvaluationRequest& request : sampling.services.requests) {
    BOOST_REQUIRE((request.data == EvaluationData::kNextValidation));
    BOOST_REQUIRE((request.mode == EvaluationMode::kBatchStatistics));
    BOOST_REQUIRE((!request.gate_gradients && !request.weight_gradients));
  }
  BOOST_TEST(sampling.services.requests.size() == 399u);  // no path comes before the first step
  BOOST_TEST((sampling.searcher->needs() == std::vector<std::string>{"validation_images"}));
}

BOOST_AUTO_TEST_CASE(draws_valid_paths_and_only_for_weight_steps) {
  Sampling sampling(test::toy_cell());
  std::set<Decisions> seen;
  for (int i = 0; i < 20; ++i) {
    const Decisions path = sampling.step();
    sampling.space.architecture(path);  // throws for a path that is not a decision
    seen.insert(path);
    const at::Tensor generator = sampling.context.host_generator().get_state();
    const State before = sampling.searcher->state();
    BOOST_TEST((Sampling::active(sampling.gates(GatePurpose::kProbe)) == path));
    const Decisions evaluated = Sampling::active(sampling.gates(GatePurpose::kEvaluation));
    BOOST_TEST(sampling.space.architecture(evaluated) == sampling.searcher->architecture());
    BOOST_TEST(sampling.context.host_generator().get_state().equal(generator));
    BOOST_TEST(sampling.searcher->state().json == before.json);
  }
  BOOST_TEST(seen.size() > 15u);
  const Gates gates = sampling.gates(GatePurpose::kProbe);
  BOOST_TEST(!gates.needs_gradient);
  for (const ChoiceGates& choice : gates.choices) {
    BOOST_TEST(choice.weights.equal(at::full({2}, 1.0f)));
    BOOST_TEST(!choice.frozen);
  }
}

// Autograd says how the logarithm of a path's probability depends on the logits.
BOOST_AUTO_TEST_CASE(follows_the_policy_gradient) {
  Sampling sampling({test::toy_choice("node", 3, 2, 2, true)}, R"({"learning_rate": 0.5, "baseline_decay": 0.9})");
  double reward = 0.25;
  sampling.accuracy_of = [&](const Gates&) { return reward; };
  sampling.step();
  sampling.step();  // the first reward is the baseline
  const State before = sampling.searcher->state();
  BOOST_TEST(before.tensors.at("logits/node").equal(at::zeros({6}, at::kDouble)));
  const auto drawn = json::parse(before.json).at("path")[0].get<std::vector<int64_t>>();
  reward = 0.75;
  sampling.step();

  const at::Tensor logits = at::zeros({6}, at::kDouble).requires_grad_();
  const at::Tensor open = at::zeros({6}, at::kDouble);
  at::Tensor log_probability = at::zeros({}, at::kDouble);
  for (const int64_t candidate : drawn) {
    log_probability = log_probability + at::log_softmax(logits + open, 0).select(0, candidate);
    open.narrow(0, candidate / 2 * 2, 2).fill_(-std::numeric_limits<double>::infinity());  // two candidates per input
  }
  log_probability.backward();
  const State after = sampling.searcher->state();
  BOOST_TEST(after.tensors.at("logits/node").allclose(logits.grad() * 0.5 * 0.5, 0, 1e-15));
  BOOST_TEST(std::fabs(json::parse(after.json).at("baseline").get<double>() - (0.9 * 0.25 + 0.1 * 0.75)) < 1e-15);
}

BOOST_AUTO_TEST_CASE(a_resumed_search_continues_with_the_same_bits) {
  Sampling first(test::toy_cell());
  for (int i = 0; i < 10; ++i) first.step();
  Sampling second(test::toy_cell());
  at::Generator generator = second.context.host_generator();
  generator.set_state(first.context.host_generator().get_state());
  second.searcher->restore(first.searcher->state(), RestoreReason::kResume);
  for (int i = 0; i < 10; ++i) BOOST_TEST((first.step() == second.step()));
  BOOST_TEST(first.searcher->report() == second.searcher->report());
}

BOOST_AUTO_TEST_CASE(a_later_stage_takes_what_was_learned_and_decided) {
  Sampling first(test::toy_cell());
  for (int i = 0; i < 10; ++i) first.step();
  const std::string architecture = first.searcher->architecture();
  BOOST_TEST(!first.searcher->finished());
  first.searcher->end_stage(first.services);
  BOOST_TEST(first.searcher->finished());
  BOOST_TEST(first.searcher->architecture() == architecture);
  for (const ChoiceGates& choice : first.gates(GatePurpose::kCarry).choices) BOOST_TEST(choice.frozen);

  Sampling later(test::toy_cell());
  later.searcher->restore(first.searcher->state(), RestoreReason::kCarry);
  BOOST_TEST(later.searcher->finished());
  BOOST_TEST(later.searcher->architecture() == architecture);
  const json state = json::parse(later.searcher->state().json);
  BOOST_TEST(state.at("path").empty());
  BOOST_TEST(!state.contains("baseline"));

  Sampling other(test::toy_cell(3));
  BOOST_CHECK_EXCEPTION(other.searcher->restore(first.searcher->state(), RestoreReason::kCarry), Error,
                        test::error_with(ErrorCode::kInvalidParameter, "'node0'"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(settings)

const char* kTunable = R"({
  "/hyper/learning_rate": {"name": "learning_rate", "type": "real", "log": true, "tuning_range": [1e-4, 1]},
  "/hyper/momentum": {"name": "momentum", "type": "real", "minimum": 0.5, "maximum": 0.9},
  "/hyper/nesterov": {"name": "nesterov", "type": "bool"},
  "/hyper/schedule": {"name": "schedule", "type": "choice", "choices": ["constant", "cosine", "step"]},
  "/batch_size": {"name": "batch_size", "type": "integer", "minimum": 8, "maximum": 11}})";

BOOST_AUTO_TEST_CASE(draws_every_parameter_from_its_range) {
  test::TestContext context;
  test::ToySpace space({});
  test::FakeStage stage;
  stage.planned_trials = 600;
  stage.tunable_json = kTunable;
  const auto searcher = example<TrialSearcher>("settings_search", "test.settings", context);
  searcher->attach(space, stage);
  std::map<std::string, std::vector<double>> counts = {
      {"nesterov", {0, 0}}, {"schedule", {0, 0, 0}}, {"batch", {0, 0, 0, 0}}, {"rate", {0, 0, 0, 0}}};
  for (int64_t id = 0; id < stage.planned_trials; ++id) {
    const std::optional<Trial> trial = searcher->ask();
    BOOST_REQUIRE(trial.has_value());
    BOOST_REQUIRE(trial->id == id);
    BOOST_REQUIRE(trial->architecture.empty());
    const json values = json::parse(trial->settings);
    BOOST_REQUIRE(values.size() == 5u);
    const double momentum = values.at("/hyper/momentum");
    BOOST_REQUIRE((momentum >= 0.5 && momentum <= 0.9));
    const std::string schedule = values.at("/hyper/schedule");
    counts["schedule"].at(schedule == "constant" ? 0 : schedule == "cosine" ? 1 : 2) += 1;
    counts["nesterov"].at(values.at("/hyper/nesterov").get<bool>() ? 1 : 0) += 1;
    counts["batch"].at(values.at("/batch_size").get<size_t>() - 8) += 1;
    // Uniform in the logarithm: one quarter of the draws per decade.
    counts["rate"].at(
        static_cast<size_t>(4 + std::floor(std::log10(values.at("/hyper/learning_rate").get<double>())))) += 1;
  }
  BOOST_TEST(!searcher->ask().has_value());
  for (const auto& [name, observed] : counts)
    BOOST_TEST(test::chi_square(observed) < test::chi_square_limit(observed.size()), name);
}

BOOST_AUTO_TEST_CASE(trials_do_not_depend_on_outcomes) {
  std::vector<std::string> settings[2];
  for (const bool tells : {false, true}) {
    test::TestContext context(5);
    test::ToySpace space({});
    test::FakeStage stage;
    stage.planned_trials = 8;
    stage.tunable_json = kTunable;
    const auto searcher = example<TrialSearcher>("settings_search", "test.settings", context);
    searcher->attach(space, stage);
    while (const std::optional<Trial> trial = searcher->ask()) {
      settings[tells ? 1 : 0].push_back(trial->settings);
      if (tells) searcher->tell(outcome(trial->id, trial->id == 3 || trial->id == 5 ? 0.9 : 0.1));
    }
    BOOST_TEST((searcher->outcomes() == (tells ? std::vector<int64_t>{3} : std::vector<int64_t>{})));
  }
  BOOST_TEST(settings[0] == settings[1], boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(parameters_without_a_range_are_refused) {
  test::TestContext context;
  test::ToySpace space({});
  test::FakeStage stage;
  stage.planned_trials = 1;
  const auto searcher = example<TrialSearcher>("settings_search", "test.settings", context);
  BOOST_CHECK_EXCEPTION(searcher->attach(space, stage), Error,
                        test::error_with(ErrorCode::kInvalidConfig, "offers no parameter"));
  stage.tunable_json = R"({"/hyper/rate": {"name": "rate", "type": "real", "log": true, "minimum": 0, "maximum": 1}})";
  searcher->attach(space, stage);
  BOOST_CHECK_EXCEPTION(searcher->ask(), Error, test::error_with(ErrorCode::kInvalidConfig, "'rate' has no range"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(trials_inherit_from_an_earlier_stage_and_then_from_the_best) {
  test::TestContext context;
  test::ToySpace space(test::toy_cell());
  test::FakeStage stage;
  stage.planned_trials = 4;
  const auto searcher = example<TrialSearcher>("inherit", "test.inherit", context, R"({"stage": "supernet"})");
  searcher->attach(space, stage);
  std::vector<Trial> first;
  for (int i = 0; i < 2; ++i) {
    first.push_back(searcher->ask().value());
    BOOST_TEST(first.back().start.value().stage == "supernet");
    BOOST_TEST(!first.back().start->trial.has_value());
  }
  BOOST_TEST(!searcher->ask().has_value());  // a parent must be told first
  BOOST_TEST(searcher->outcomes().empty());
  searcher->tell(outcome(1, 0.5));
  searcher->tell(outcome(0, 0.25));
  BOOST_TEST((searcher->needs_weights(1) && !searcher->needs_weights(0)));

  const Trial child = searcher->ask().value();
  BOOST_TEST(child.start.value().trial.value() == 1);
  BOOST_TEST(child.start->stage.empty());
  BOOST_TEST((child.start->carry == std::vector<std::string>{"weights"}));
  const Decisions parent = space.decisions(first[1].architecture), mutated = space.decisions(child.architecture);
  int differences = 0;
  for (size_t i = 0; i < parent.size(); ++i)
    for (const int64_t candidate : mutated[i])
      differences += std::count(parent[i].begin(), parent[i].end(), candidate) == 0;
  BOOST_TEST(differences == 1);

  searcher->tell(failure(child.id));
  BOOST_TEST((searcher->outcomes() == std::vector<int64_t>{1}));
  BOOST_TEST(searcher->ask().value().start->trial.value() == 1);
  BOOST_TEST(!searcher->ask().has_value());
  BOOST_CHECK_EXCEPTION(searcher->tell(outcome(9, 1)), Error,
                        test::error_with(ErrorCode::kContractViolation, "trial 9 is not open"));
}

BOOST_AUTO_TEST_CASE(the_front_has_the_trials_that_no_other_one_dominates) {
  // (1 - loss, multiply-adds): 1 and 4 are equal, 3 is dominated by 1, 5 by 2, and 6 fails.
  const std::vector<TrialOutcome> outcomes = {
      outcome(0, 0.25, 10), outcome(1, 0.5, 20), outcome(2, 0.75, 40), outcome(3, 0.5, 30), outcome(4, 0.5, 20),
      outcome(5, 0.7, 40),  failure(6)};
  std::vector<size_t> order = {0, 1, 2, 3, 4, 5, 6};
  do {
    test::TestContext context;
    test::ToySpace space(test::toy_cell());
    test::FakeStage stage;
    stage.planned_trials = 7;
    const auto searcher = example<TrialSearcher>("front", "test.front", context);
    searcher->attach(space, stage);
    std::vector<std::string> architectures;
    while (const std::optional<Trial> trial = searcher->ask()) architectures.push_back(trial->architecture);
    BOOST_REQUIRE(architectures.size() == 7u);
    for (const size_t index : order) searcher->tell(outcomes[index]);
    BOOST_REQUIRE((searcher->outcomes() == std::vector<int64_t>{2, 1, 4, 0}));

    const std::vector<Artefact> files = searcher->artefacts();
    BOOST_REQUIRE(files.size() == 1u);
    BOOST_REQUIRE(files[0].file == "front.json");
    const json front = json::parse(files[0].content);
    BOOST_REQUIRE(front.size() == 4u);
    BOOST_REQUIRE((front[0] == json{{"trial", 2},
                                    {"architecture", json::parse(architectures[2])},
                                    {"validation_loss", 0.25},
                                    {"multiply_adds", 40}}));
    std::rotate(order.begin(), order.begin() + 1, order.end());
  } while (order[0] != 0);
}

BOOST_AUTO_TEST_CASE(the_front_may_be_over_parameters) {
  test::TestContext context;
  test::ToySpace space(test::toy_cell());
  test::FakeStage stage;
  stage.planned_trials = 2;
  const auto searcher = example<TrialSearcher>("front", "test.front", context, R"({"cost": "parameters"})");
  searcher->attach(space, stage);
  while (searcher->ask()) {
  }
  searcher->tell(outcome(0, 0.5, 10));
  searcher->tell(outcome(1, 0.5, 20));  // -20 parameters
  BOOST_TEST((searcher->outcomes() == std::vector<int64_t>{1}));
}

BOOST_AUTO_TEST_SUITE(averaging)

struct Averaged {
  Averaged()
      : hyper(example<HyperOptimizer>("averaging", "test.averaging", context,
                                      R"({"learning_rate": 0.5, "momentum": 0.5, "decay": 0.75})")) {
    hyper->attach({{"moved", weights[0]}, {"idle", weights[1]}}, stage);
  }
  void step(double gradient) { hyper->step({weights, {at::full({2}, gradient, at::kDouble), at::Tensor()}, {}}); }
  double weight() const { return weights[0].select(0, 0).item<double>(); }
  double average() const { return hyper->evaluation_weights()[0].select(0, 0).item<double>(); }

  test::TestContext context;
  test::FakeStage stage;
  std::vector<at::Tensor> weights = {at::full({2}, 8.0, at::kDouble), at::full({1}, 3.0, at::kDouble)};
  std::unique_ptr<HyperOptimizer> hyper;
};

// With powers of two, a person can follow every number.
BOOST_AUTO_TEST_CASE(evaluates_the_running_average) {
  Averaged run;
  BOOST_TEST(!run.hyper->evaluation_weights()[0].defined());
  run.step(4);  // velocity 4
  BOOST_TEST(run.weight() == 6);
  BOOST_TEST(run.average() == 6);
  run.step(2);  // velocity 0.5 * 4 + 2 = 4
  BOOST_TEST(run.weight() == 4);
  BOOST_TEST(run.average() == 5.5);
  run.step(0);  // velocity 2
  BOOST_TEST(run.weight() == 3);
  BOOST_TEST(run.average() == 0.75 * 5.5 + 0.25 * 3);
  BOOST_TEST(!run.hyper->evaluation_weights()[1].defined());
  BOOST_TEST(run.weights[1].item<double>() == 3);
}

BOOST_AUTO_TEST_CASE(resumes_with_all_and_carries_the_momentum) {
  Averaged first;
  first.step(4);
  Averaged resumed, carried, fresh;
  resumed.weights[0].copy_(first.weights[0]);
  resumed.hyper->restore(first.hyper->state(), RestoreReason::kResume);
  for (Averaged* run : {&first, &resumed}) run->step(2);
  BOOST_TEST(resumed.weight() == first.weight());
  BOOST_TEST(resumed.average() == first.average());

  Averaged earlier;
  earlier.step(4);
  carried.hyper->carry(earlier.hyper->state(), {.values = false, .momentum = true});
  carried.step(2);  // velocity 0.5 * 4 + 2
  BOOST_TEST(carried.weight() == 6);
  BOOST_TEST(carried.average() == 6);
  fresh.hyper->carry(earlier.hyper->state(), {.values = true, .momentum = false});
  fresh.step(2);
  BOOST_TEST(fresh.weight() == 7);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha
