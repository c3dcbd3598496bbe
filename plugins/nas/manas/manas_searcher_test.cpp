// dha.manas as the host meets it: rounds, policies, the derived architecture, state.
#include "manas_searcher.hpp"

#include <ATen/ops/scalar_tensor.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "exponential_weights.hpp"
#include "least_squares.hpp"
#include "support/chi_square.hpp"
#include "support/complete_params.hpp"
#include "support/error_checks.hpp"
#include "support/fake_search_services.hpp"
#include "support/fake_stage.hpp"
#include "support/sampled_paths.hpp"
#include "support/test_context.hpp"
#include "support/toy_space.hpp"

namespace {

using namespace dha;
using namespace dha::test;
using namespace dha::manas;
using Json = nlohmann::json;

constexpr const char* kLeastSquares = R"({"update": "least_squares"})";

struct Search {
  explicit Search(const char* params = "{}", uint64_t seed = 1, std::vector<Choice> choices = toy_cell(3))
      : context(seed), space(std::move(choices)), searcher(complete_params<ManasSearcher>(params), context) {
    services.current.epochs = 10;
    services.current.steps_per_epoch = 200;
    services.on_evaluate = [this](const Gates& gates, const EvaluationRequest&) {
      Evaluation evaluation;
      evaluation.loss = at::scalar_tensor(loss(gates), at::kDouble);
      return evaluation;
    };
    searcher.attach(space, stage);
  }

  // Operation 2 is best everywhere, and matters most on the edges from the last two inputs.
  double loss(const Gates& gates) const {
    double sum = 0;
    for (size_t i = 0; i < gates.choices.size(); ++i)
      for (const int64_t active : gates.choices[i].active) {
        const Candidate& candidate = space.choices()[i].candidates[static_cast<size_t>(active)];
        const bool is_late = candidate.input >= static_cast<int64_t>(i);
        if (candidate.operation != "op2") sum += is_late ? 0.12 : 0.02;
      }
    return sum;
  }

  Decisions active(GatePurpose purpose) {
    Decisions decisions;
    const Gates gates = searcher.gates({purpose, {}});
    for (const ChoiceGates& choice : gates.choices) decisions.push_back(choice.active);
    return decisions;
  }

  void epoch(int64_t steps) {
    for (int64_t step = 0; step < steps; ++step) {
      searcher.before_step(services);
      active(GatePurpose::kWeightStep);
    }
    searcher.end_epoch(services);
    ++services.current.epoch;
  }

  bool has_best_architecture() {
    bool is_best = true;
    const Gates gates = searcher.gates({});
    for (size_t i = 0; i < gates.choices.size(); ++i) {
      const auto count = static_cast<int64_t>(space.choices()[i].candidates.size());
      is_best = is_best && gates.choices[i].active == std::vector<int64_t>{count - 4, count - 1};
    }
    return is_best;
  }

  TestContext context;
  ToySpace space;
  FakeStage stage;
  FakeSearchServices services;
  ManasSearcher searcher;
};

bool same_state(const State& a, const State& b) {
  return a.json == b.json &&
         std::equal(a.tensors.begin(), a.tensors.end(), b.tensors.begin(), b.tensors.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && x.second.equal(y.second); });
}

BOOST_AUTO_TEST_SUITE(manas_searcher)

BOOST_AUTO_TEST_CASE(a_round_runs_one_operation_on_every_edge) {
  Search search;
  std::vector<double> counts(3);
  for (int64_t round = 0; round < 300; ++round) {
    const Decisions drawn = search.active(GatePurpose::kWeightStep);
    BOOST_TEST((search.active(GatePurpose::kProbe) == drawn));
    for (size_t i = 0; i < drawn.size(); ++i) {
      BOOST_TEST_REQUIRE(drawn[i].size() == i + 2);
      for (size_t input = 0; input < drawn[i].size(); ++input)
        BOOST_TEST(drawn[i][input] / 3 == static_cast<int64_t>(input));
    }
    ++counts[static_cast<size_t>(drawn[3][4] - 12)];
  }
  BOOST_TEST(chi_square(counts) < chi_square_limit(3));
  const Gates gates = search.searcher.gates({GatePurpose::kProbe, {}});
  BOOST_TEST(!gates.needs_gradient);
  BOOST_TEST(gates.choices[3].weights.eq(1).all().item<bool>());
}

BOOST_AUTO_TEST_CASE(the_path_of_the_next_step_is_foretold_without_drawing_it) {
  Search search;
  check_next_path_is_foretold(search);
}

BOOST_AUTO_TEST_CASE(evaluations_draw_nothing_and_follow_the_architecture) {
  Search search;
  search.epoch(20);
  const at::Tensor before = search.context.host_generator().get_state();
  const Decisions evaluated = search.active(GatePurpose::kEvaluation);
  BOOST_TEST(search.searcher.architecture() == search.space.architecture(evaluated));
  BOOST_TEST(search.context.host_generator().get_state().equal(before));
}

// Each round is rated once, after its step, as it was drawn.
BOOST_AUTO_TEST_CASE(losses_are_those_of_the_round_on_validation_images) {
  for (const char* params : {"{}", kLeastSquares}) {
    Search search(params);
    Decisions rated;
    search.services.on_evaluate = [&](const Gates& gates, const EvaluationRequest&) {
      rated.clear();
      for (const ChoiceGates& choice : gates.choices) rated.push_back(choice.active);
      Evaluation evaluation;
      evaluation.loss = at::scalar_tensor(1.0);
      return evaluation;
    };
    search.searcher.before_step(search.services);
    BOOST_TEST(search.services.requests.empty());
    for (int64_t step = 0; step < 3; ++step) {
      const Decisions drawn = search.active(GatePurpose::kWeightStep);
      search.searcher.before_step(search.services);
      BOOST_TEST((rated == drawn));
    }
    search.active(GatePurpose::kWeightStep);
    search.searcher.end_epoch(search.services);
    search.searcher.before_step(search.services);
    BOOST_TEST(search.services.requests.size() == 4U);
    for (const EvaluationRequest& request : search.services.requests) {
      BOOST_TEST((request.data == EvaluationData::kNextValidation));
      BOOST_TEST((request.mode == EvaluationMode::kBatchStatistics));
      BOOST_TEST(!(request.gate_gradients || request.weight_gradients));
    }
    BOOST_TEST((search.searcher.needs() == std::vector<std::string>{need::kValidationImages}));
  }
}

BOOST_AUTO_TEST_CASE(the_default_rate_is_that_of_the_bound_for_the_steps_of_the_stage) {
  Search search;
  const Decisions drawn = search.active(GatePurpose::kWeightStep);
  search.searcher.before_step(search.services);
  const double loss = search.loss(search.searcher.gates({GatePurpose::kProbe, {}}));
  // 3 operations, 10 epochs of 200 steps, 3 classes.
  const double eta = std::sqrt(2 * std::log(3.0) / (3 * 2000)) / std::log(3.0);
  const std::vector<double>& policy = search.searcher.policy()[0];
  const auto taken = static_cast<size_t>(drawn[0][0]), other = (taken + 1) % 3;
  BOOST_TEST(std::abs(std::log(policy[other] / policy[taken]) - eta * 3 * loss) < 1e-12);
}

BOOST_AUTO_TEST_CASE(losses_lead_to_the_best_architecture) {
  for (const char* params :
       {R"({"learning_rate": 0.02})", kLeastSquares, R"({"update": "least_squares", "samples": 150})"})
    for (const uint64_t seed : {1, 2, 3}) {
      Search search(params, seed);
      for (int64_t epoch = 0; epoch < 10; ++epoch) search.epoch(200);
      BOOST_TEST(search.has_best_architecture(), params << ", seed " << seed);
      search.searcher.end_stage(search.services);
      BOOST_TEST(search.searcher.finished());
      BOOST_TEST(search.has_best_architecture());
      const Gates gates = search.searcher.gates({GatePurpose::kCarry, {}});
      for (const ChoiceGates& choice : gates.choices) BOOST_TEST(choice.frozen);
    }
}

BOOST_AUTO_TEST_CASE(a_fit_uses_the_rounds_since_the_last_one) {
  Search search(R"({"update": "least_squares", "samples": 30})");
  std::vector<Actions> actions;
  std::vector<double> losses;
  for (int64_t round = 0; round < 60; ++round) {
    const Decisions drawn = search.active(GatePurpose::kWeightStep);
    if (round >= 30) {
      actions.emplace_back();
      for (const std::vector<int64_t>& choice : drawn)
        for (const int64_t candidate : choice) actions.back().push_back(candidate % 3);
      losses.push_back(search.loss(search.searcher.gates({GatePurpose::kProbe, {}})));
    }
    search.searcher.before_step(search.services);
  }
  const ActionValues expected = fit(actions, losses, search.searcher.policy());
  for (size_t edge = 0; edge < expected.size(); ++edge)
    BOOST_TEST((search.searcher.policy()[edge] == zipf_policy(expected[edge])));
}

BOOST_AUTO_TEST_CASE(a_restored_search_continues_with_the_same_bits) {
  for (const char* params : {"{}", kLeastSquares}) {
    Search search(params), resumed(params, 7);
    search.epoch(30);
    for (int64_t step = 0; step < 10; ++step) {
      search.active(GatePurpose::kWeightStep);
      if (step < 9) search.searcher.before_step(search.services);
    }
    resumed.services.current = search.services.current;
    resumed.searcher.restore(search.searcher.state(), RestoreReason::kResume);
    resumed.context.host_generator().set_state(search.context.host_generator().get_state());
    BOOST_TEST(same_state(resumed.searcher.state(), search.searcher.state()));
    BOOST_TEST((resumed.active(GatePurpose::kProbe) == search.active(GatePurpose::kProbe)));
    for (Search* one : {&search, &resumed}) one->epoch(20);
    BOOST_TEST(same_state(resumed.searcher.state(), search.searcher.state()));
    BOOST_TEST(resumed.searcher.report() == search.searcher.report());

    search.searcher.end_stage(search.services);
    Search carried(params, 8);
    carried.searcher.restore(search.searcher.state(), RestoreReason::kCarry);
    BOOST_TEST(carried.searcher.finished());
    BOOST_TEST(carried.searcher.architecture() == search.searcher.architecture());
  }
}

BOOST_AUTO_TEST_CASE(states_that_do_not_fit_are_refused) {
  Search search;
  search.epoch(2);
  const State state = search.searcher.state();
  State broken = state;
  broken.json = "[";
  State without = state;
  without.tensors.erase("policy");
  State elsewhere = state;
  Json json = Json::parse(state.json);
  json["actions"][0] = 3;
  elsewhere.json = json.dump();
  for (const State& bad : {broken, without, elsewhere})
    BOOST_CHECK_EXCEPTION(search.searcher.restore(bad, RestoreReason::kResume), Error,
                          error_with(ErrorCode::kInvalidParameter, "the saved state cannot be taken"));
  Search other(kLeastSquares);
  BOOST_CHECK_EXCEPTION(other.searcher.restore(state, RestoreReason::kResume), Error,
                        error_with(ErrorCode::kInvalidParameter, "importance"));
}

BOOST_AUTO_TEST_CASE(parameters_of_the_other_update_are_refused) {
  for (const char* params : {R"({"samples": 3})", R"({"update": "least_squares", "learning_rate": 0.1})",
                             R"({"update": "least_squares", "exponent_limit": 1})"})
    BOOST_CHECK_EXCEPTION(Search{params}, Error, error_with(ErrorCode::kInvalidParameter, "belongs to the update"));
  BOOST_CHECK_EXCEPTION(Search("{}", 1, {}), Error, error_with(ErrorCode::kInvalidConfig, "no choices"));
}

BOOST_AUTO_TEST_CASE(losses_that_are_not_finite_end_the_search) {
  for (const char* params : {"{}", kLeastSquares}) {
    Search search(params);
    search.services.on_evaluate = [](const Gates&, const EvaluationRequest&) {
      Evaluation evaluation;
      evaluation.loss = at::scalar_tensor(std::numeric_limits<double>::infinity());
      return evaluation;
    };
    BOOST_CHECK_EXCEPTION(search.epoch(1), Error, error_with(ErrorCode::kDiverged, "not finite"));
  }
}

BOOST_AUTO_TEST_CASE(the_architecture_satisfies_the_constraints) {
  Search search;
  const std::string before = search.searcher.architecture();
  const auto is_allowed = [&](const std::string& architecture) { return architecture != before; };
  search.stage.allow_only(is_allowed);
  search.searcher.attach(search.space, search.stage);
  search.searcher.end_stage(search.services);
  BOOST_TEST(search.searcher.architecture() != before);
  BOOST_TEST(!search.searcher.constraint_handling().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
