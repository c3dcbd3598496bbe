// dha.enas as the host meets it: paths of steps, controller updates, the final choice, state.
#include "enas_searcher.hpp"

#include <ATen/ops/scalar_tensor.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <set>

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
using dha::enas::EnasSearcher;
using Json = nlohmann::json;

constexpr const char* kQuick = R"({"units": 8, "controller_steps": 3, "controller_samples": 2, "final_samples": 20})";

struct Search {
  explicit Search(const char* params = kQuick, uint64_t seed = 1, std::vector<Choice> choices = toy_cell(3))
      : context(seed), space(std::move(choices)), searcher(complete_params<EnasSearcher>(params), context) {
    services.current.epochs = 1000;  // none of these epochs is the last
    services.on_evaluate = [this](const Gates& gates, const EvaluationRequest&) {
      Evaluation evaluation;
      evaluation.accuracy = at::scalar_tensor(accuracy(gates));
      return evaluation;
    };
    searcher.attach(space, stage);
  }

  // The share of kept candidates that belong to one architecture: operation 2 of the last two inputs.
  double accuracy(const Gates& gates) const {
    double hits = 0, all = 0;
    for (size_t i = 0; i < gates.choices.size(); ++i)
      for (const int64_t candidate : gates.choices[i].active) {
        const auto count = static_cast<int64_t>(space.choices()[i].candidates.size());
        hits += candidate == count - 1 || candidate == count - 4;
        ++all;
      }
    return hits / all;
  }

  void last_epoch() {
    services.current.epoch = services.current.epochs - 1;
    searcher.end_epoch(services);
  }

  Decisions active(GatePurpose purpose) {
    Decisions decisions;
    const Gates gates = searcher.gates({purpose, {}});
    for (const ChoiceGates& choice : gates.choices) decisions.push_back(choice.active);
    return decisions;
  }

  TestContext context;
  ToySpace space;
  FakeStage stage;
  FakeSearchServices services;
  EnasSearcher searcher;
};

bool same_state(const State& a, const State& b) {
  return a.json == b.json &&
         std::equal(a.tensors.begin(), a.tensors.end(), b.tensors.begin(), b.tensors.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && x.second.equal(y.second); });
}

BOOST_AUTO_TEST_SUITE(enas_searcher)

BOOST_AUTO_TEST_CASE(each_weight_step_trains_another_path_which_a_probe_sees_too) {
  Search search;
  std::set<Decisions> paths;
  for (int64_t i = 0; i < 20; ++i) {
    const Decisions path = search.active(GatePurpose::kWeightStep);
    BOOST_TEST((search.active(GatePurpose::kProbe) == path));
    search.space.validate(search.space.architecture(path));
    paths.insert(path);
  }
  BOOST_TEST(paths.size() > 15U);
  const Gates gates = search.searcher.gates({});
  BOOST_TEST(!gates.needs_gradient);
  for (const ChoiceGates& choice : gates.choices) BOOST_TEST(choice.weights.eq(1).all().item<bool>());
}

BOOST_AUTO_TEST_CASE(the_path_of_the_next_step_is_foretold_without_drawing_it) {
  Search search;
  check_next_path_is_foretold(search);
}

BOOST_AUTO_TEST_CASE(evaluations_draw_nothing_and_follow_the_architecture) {
  Search search;
  search.active(GatePurpose::kWeightStep);
  const at::Tensor before = search.context.host_generator().get_state();
  const Decisions evaluated = search.active(GatePurpose::kEvaluation);
  BOOST_TEST((search.active(GatePurpose::kEvaluation) == evaluated));
  BOOST_TEST(search.searcher.architecture() == search.space.architecture(evaluated));
  BOOST_TEST(search.context.host_generator().get_state().equal(before));
}

BOOST_AUTO_TEST_CASE(rewards_lead_to_the_best_architecture) {
  constexpr const char* kFast = R"({"units": 8, "learning_rate": 0.05, "tanh_constant": 4, "baseline_decay": 0.9,
                                    "controller_steps": 20, "controller_samples": 5})";
  for (const uint64_t seed : {1, 2}) {
    Search search(kFast, seed, {toy_choice("node0", 2, 3, 2, true), toy_choice("node1", 3, 3, 2, true)});
    const double start = search.accuracy(search.searcher.gates({}));
    for (int64_t epoch = 0; epoch < 3; ++epoch) search.searcher.end_epoch(search.services);
    BOOST_TEST(start < 1.0);
    BOOST_TEST(search.accuracy(search.searcher.gates({})) == 1.0, "seed " << seed);
    const Json report = Json::parse(search.searcher.report());
    BOOST_TEST(report["updates"] == 60);
    BOOST_TEST(report["baseline"].get<double>() > 0.7);
  }
}

BOOST_AUTO_TEST_CASE(equal_rewards_lead_nowhere) {
  Search search(R"({"units": 8, "baseline_decay": 0, "entropy_weight": 0, "controller_steps": 3})");
  search.services.on_evaluate = [](const Gates&, const EvaluationRequest&) {
    Evaluation evaluation;
    evaluation.accuracy = at::scalar_tensor(0.5);
    return evaluation;
  };
  const at::Tensor before = search.searcher.controller().variables().detach().clone();
  search.searcher.end_epoch(search.services);
  BOOST_TEST(search.searcher.controller().variables().detach().equal(before));
}

BOOST_AUTO_TEST_CASE(rewards_come_from_batches_of_validation_images_with_batch_statistics) {
  Search search;
  search.searcher.end_epoch(search.services);
  BOOST_TEST_REQUIRE(search.services.requests.size() == 6U);  // 3 steps of 2 samples
  for (const EvaluationRequest& request : search.services.requests) {
    BOOST_TEST((request.data == EvaluationData::kNextValidation));
    BOOST_TEST((request.mode == EvaluationMode::kBatchStatistics));
    BOOST_TEST(!(request.gate_gradients || request.weight_gradients));
  }
  BOOST_TEST((search.searcher.needs() == std::vector<std::string>{need::kValidationImages}));
}

// The rewards of different architectures differ here, so that the best of the drawn ones is known from what was rated.
BOOST_AUTO_TEST_CASE(the_best_sample_is_kept_after_the_last_epoch) {
  for (const bool on_all : {false, true}) {
    const std::string params = R"({"units": 8, "controller_steps": 1, "controller_samples": 1, "final_samples": 30,)"
                               R"( "final_data": ")" +
                               std::string(on_all ? "all" : "batch") + "\"}";
    Search search(params.c_str());
    double best = 0;
    std::vector<EvaluationData> data;
    search.services.on_evaluate = [&](const Gates& gates, const EvaluationRequest& request) {
      if (!data.empty()) best = std::max(best, search.accuracy(gates));  // the first is of the controller's update
      data.push_back(request.data);
      Evaluation evaluation;
      evaluation.accuracy = at::scalar_tensor(search.accuracy(gates));
      return evaluation;
    };
    search.last_epoch();
    BOOST_TEST_REQUIRE(data.size() > 20U);
    BOOST_TEST((data[1] == (on_all ? EvaluationData::kWholeValidation : EvaluationData::kNextValidation)));
    BOOST_TEST((data[2] == (on_all ? EvaluationData::kWholeValidation : EvaluationData::kSameValidation)));
    BOOST_TEST(search.accuracy(search.searcher.gates({})) == best);
    const std::string architecture = search.searcher.architecture();
    BOOST_TEST(!search.searcher.finished());
    search.searcher.end_stage(search.services);
    BOOST_TEST(search.searcher.finished());
    BOOST_TEST(search.searcher.architecture() == architecture);
    const Gates gates = search.searcher.gates({GatePurpose::kCarry, {}});
    for (const ChoiceGates& choice : gates.choices) BOOST_TEST(choice.frozen);
  }
}

BOOST_AUTO_TEST_CASE(the_final_choice_satisfies_the_constraints_if_a_sample_does) {
  Search search;
  const auto is_cheap = [&](const std::string& architecture) {
    return search.space.cost(architecture).at(quantity::kParameters) < 500;
  };
  search.stage.allow_only(is_cheap);
  search.last_epoch();
  BOOST_TEST(is_cheap(search.searcher.architecture()));
  BOOST_TEST(search.context.warnings.empty());

  search.stage.allow_only([](const std::string&) { return false; });
  BOOST_CHECK_EXCEPTION(search.searcher.attach(search.space, search.stage), Error,
                        error_with(ErrorCode::kInvalidConfig, "none of 1000 random architectures"));
}

BOOST_AUTO_TEST_CASE(a_random_architecture_is_rated_if_the_controller_proposes_none_that_is_allowed) {
  Search search(R"({"units": 8, "controller_steps": 1, "controller_samples": 1, "final_samples": 1})");
  int64_t asked = 0;
  std::string allowed;
  search.stage.allow_only([&](const std::string& architecture) {
    if (++asked == 150) allowed = architecture;
    return architecture == allowed;
  });
  search.last_epoch();
  BOOST_TEST(asked == 150);
  BOOST_TEST(search.searcher.architecture() == allowed);
  BOOST_TEST(search.context.warnings.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_restored_search_continues_with_the_same_bits) {
  Search search, resumed(kQuick, 7);
  search.active(GatePurpose::kWeightStep);
  search.searcher.end_epoch(search.services);
  const Decisions path = search.active(GatePurpose::kWeightStep);
  resumed.searcher.restore(search.searcher.state(), RestoreReason::kResume);
  resumed.context.host_generator().set_state(search.context.host_generator().get_state());
  BOOST_TEST(same_state(resumed.searcher.state(), search.searcher.state()));
  BOOST_TEST((resumed.active(GatePurpose::kProbe) == path));
  BOOST_TEST(resumed.searcher.report() == search.searcher.report());
  for (Search* one : {&search, &resumed}) {
    one->active(GatePurpose::kWeightStep);
    one->last_epoch();
  }
  BOOST_TEST(same_state(resumed.searcher.state(), search.searcher.state()));
  BOOST_TEST(resumed.searcher.architecture() == search.searcher.architecture());

  search.searcher.end_stage(search.services);
  Search carried(kQuick, 8);
  carried.searcher.restore(search.searcher.state(), RestoreReason::kCarry);
  BOOST_TEST(carried.searcher.finished());
  BOOST_TEST(carried.searcher.architecture() == search.searcher.architecture());
}

BOOST_AUTO_TEST_CASE(states_that_do_not_fit_are_refused) {
  Search search;
  const State state = search.searcher.state();
  State broken = state;
  broken.json = "[";
  State without = state;
  without.tensors.erase("controller");
  State undecided = state;
  Json json = Json::parse(state.json);
  json["finished"] = true;
  undecided.json = json.dump();
  for (const State& bad : {broken, without, undecided})
    BOOST_CHECK_EXCEPTION(search.searcher.restore(bad, RestoreReason::kResume), Error,
                          error_with(ErrorCode::kInvalidParameter, "the saved state cannot be taken"));
  Search larger(R"({"units": 9})");
  BOOST_CHECK_EXCEPTION(larger.searcher.restore(state, RestoreReason::kResume), Error,
                        error_with(ErrorCode::kInvalidParameter, "controller", "shape"));
  Search other_space(kQuick, 1, toy_cell(4));
  BOOST_CHECK_EXCEPTION(other_space.searcher.restore(state, RestoreReason::kResume), Error,
                        error_with(ErrorCode::kInvalidParameter, "other candidates"));
}

BOOST_AUTO_TEST_CASE(named_operations_must_exist) {
  BOOST_CHECK_EXCEPTION(Search(R"({"favoured": ["op0", "conv"]})"), Error,
                        error_with(ErrorCode::kInvalidParameter, "favoured", "conv"));
  BOOST_CHECK_EXCEPTION(Search("{}", 1, {}), Error, error_with(ErrorCode::kInvalidConfig, "no choices"));
}

BOOST_AUTO_TEST_CASE(a_cancelled_run_interrupts_the_controller) {
  Search search;
  search.context.cancel = true;
  BOOST_CHECK_EXCEPTION(search.searcher.end_epoch(search.services), Error, error_with(ErrorCode::kCancelled));
  BOOST_TEST(search.services.requests.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
