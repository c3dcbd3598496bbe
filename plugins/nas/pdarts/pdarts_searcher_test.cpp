// dha.pdarts as the host meets it: architecture steps, drops between stages, the limit on skips, state.
#include "pdarts_searcher.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "support/complete_params.hpp"
#include "support/error_checks.hpp"
#include "support/fake_search_services.hpp"
#include "support/fake_stage.hpp"
#include "support/test_context.hpp"
#include "support/toy_space.hpp"

namespace {

using namespace dha;
using namespace dha::test;
using pdarts::OpenCandidates;
using pdarts::PdartsSearcher;

const std::vector<std::string> kOperations{"none", "skip_connect", "conv", "pool"};

Choice node_of(const std::string& name, int64_t inputs) {
  Choice choice{name, {}, 2, true};
  for (int64_t input = 0; input < inputs; ++input)
    for (const std::string& operation : kOperations) choice.candidates.push_back({operation, input});
  return choice;
}

std::vector<Choice> small_cell() {
  return {node_of("normal.node0", 2), node_of("normal.node1", 3), node_of("reduce.node0", 2)};
}

std::string params_of(int64_t drop, const std::string& more = "") {
  return R"({"warm_up_epochs": 2, "drop": )" + std::to_string(drop) + more + "}";
}

struct Search {
  explicit Search(const std::string& params = params_of(0), uint64_t seed = 1,
                  std::vector<Choice> choices = small_cell())
      : context(seed), space(std::move(choices)), searcher(complete_params<PdartsSearcher>(params), context) {
    searcher.attach(space, stage);
    services.current = {2, 10, 0, 10};
    services.on_evaluate = [this](const Gates& gates, const EvaluationRequest&) {
      Evaluation evaluation;
      for (const ChoiceGates& choice : gates.choices)
        evaluation.gate_gradients.active.push_back(
            at::linspace(-scale, scale, static_cast<int64_t>(choice.active.size()), at::kDouble));
      return evaluation;
    };
  }

  // Gives alpha these values, one per candidate.
  void set(const std::vector<double>& alpha) {
    State state = searcher.state();
    at::Tensor values = at::zeros({static_cast<int64_t>(alpha.size())}, at::kDouble);
    std::copy(alpha.begin(), alpha.end(), values.mutable_data_ptr<double>());
    state.tensors["alpha"] = values;
    searcher.restore(state, RestoreReason::kResume);
  }

  // The end of this stage, from which another one starts.
  State ended() {
    searcher.end_stage(services);
    return searcher.state();
  }

  OpenCandidates executed() {
    OpenCandidates lists;
    for (const ChoiceGates& choice : searcher.gates({GatePurpose::kWeightStep, {}}).choices)
      lists.push_back(choice.active);
    return lists;
  }

  Decisions decided() { return space.decisions(searcher.architecture()); }

  TestContext context;
  ToySpace space;
  FakeStage stage;
  FakeSearchServices services;
  PdartsSearcher searcher;
  double scale = 1;
};

// Edge by edge the order none, skip, conv, pool; the strongest comes last or first.
const std::vector<double> kAlpha{4, 3, 2, 1, /**/ 1, 2, 3,   4,                   // normal.node0
                                 1, 4, 3, 2, /**/ 2, 1, 3.5, 3, /**/ 0, 5, 1, 2,  // normal.node1
                                 3, 6, 1, 2, /**/ 1, 6, 2,   3};                  // reduce.node0

BOOST_AUTO_TEST_SUITE(pdarts_searcher)

BOOST_AUTO_TEST_CASE(weights_train_alone_in_the_warm_up) {
  Search search;
  const at::Tensor before = search.searcher.alpha().clone();
  search.services.current.epoch = 1;
  search.searcher.before_step(search.services);
  BOOST_TEST(search.services.requests.empty());
  BOOST_TEST(search.searcher.alpha().equal(before));
  search.services.current.epoch = 2;
  search.searcher.before_step(search.services);
  BOOST_TEST(search.services.requests.size() == 1u);
  BOOST_TEST(!search.searcher.alpha().equal(before));
  BOOST_CHECK_EXCEPTION(Search("{}"), Error, error_with(ErrorCode::kInvalidConfig, "'warm_up_epochs' is 10"));
}

// With L2 in the gradient and a second average, Adam shows whether its input was clipped.
BOOST_AUTO_TEST_CASE(the_gradient_of_all_variables_is_clipped_before_adam) {
  for (const double scale : {1.0, 100.0}) {
    Search search(params_of(0, R"(, "learning_rate": 0.01, "weight_decay": 0.5)"));
    search.scale = scale;
    at::Tensor expected = search.searcher.alpha().clone();
    nas::Adam adam({0.01, 0.5, 0.999, 0.5, 1e-8});
    adam.reset(expected);
    for (int step = 0; step < 3; ++step) {
      const at::Tensor leaf = expected.clone().requires_grad_(true);
      at::Tensor loss = at::zeros({}, at::kDouble);
      for (const auto& [first, edges] : std::vector<std::pair<int64_t, int64_t>>{{0, 2}, {8, 3}, {20, 2}})
        loss = loss + at::softmax(leaf.narrow(0, first, 4 * edges).view({edges, 4}), 1)
                          .flatten()
                          .mul(at::linspace(-scale, scale, 4 * edges, at::kDouble))
                          .sum();
      loss.backward();
      const double norm = leaf.grad().norm().item<double>();
      BOOST_TEST((norm > 5) == (scale > 50));
      adam.step(expected, leaf.grad() * std::min(1.0, 5 / (norm + 1e-6)));
      search.searcher.before_step(search.services);
    }
    BOOST_TEST(search.searcher.alpha().sub(expected).abs().max().item<double>() < 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(a_stage_that_drops_hands_on_the_strongest) {
  Search first(params_of(2));
  first.set(kAlpha);
  Search second(params_of(1), 2);
  const at::Tensor drawn = second.searcher.alpha().clone();
  const State end = first.ended();
  second.searcher.restore(end, RestoreReason::kCarry);
  BOOST_TEST(!second.searcher.finished());
  const OpenCandidates left{{0, 1, 6, 7}, {1, 2, 6, 7, 9, 11}, {0, 1, 5, 7}};
  BOOST_TEST((second.executed() == left));
  BOOST_TEST(second.searcher.alpha().equal(drawn));  // fresh variables
  second.searcher.before_step(second.services);
  BOOST_TEST((second.executed() == left));

  Search third(params_of(0), 3);
  second.set(kAlpha);
  third.searcher.restore(second.ended(), RestoreReason::kCarry);
  BOOST_TEST((third.executed() == OpenCandidates{{1, 7}, {1, 6, 9}, {1, 5}}));
}

BOOST_AUTO_TEST_CASE(a_stage_that_drops_is_finished_for_itself_and_when_resumed) {
  Search first(params_of(2)), resumed(params_of(2), 2);
  first.set(kAlpha);
  const std::string architecture = first.searcher.architecture();
  const State end = first.ended();
  BOOST_TEST(first.searcher.finished());
  resumed.searcher.restore(end, RestoreReason::kResume);
  BOOST_TEST(resumed.searcher.finished());
  BOOST_TEST(resumed.searcher.architecture() == architecture);
  for (const ChoiceGates& choice : resumed.searcher.gates({GatePurpose::kCarry, {}}).choices) {
    BOOST_TEST(choice.frozen);
    BOOST_TEST(choice.active.size() == 2u);
  }
}

BOOST_AUTO_TEST_CASE(the_last_stage_decides_for_the_next) {
  Search last(params_of(0)), final_stage(params_of(0), 2);
  last.set(kAlpha);
  final_stage.searcher.restore(last.ended(), RestoreReason::kCarry);
  BOOST_TEST(final_stage.searcher.finished());
  BOOST_TEST(final_stage.searcher.architecture() == last.searcher.architecture());
}

// Without a limit the normal cell has the skips of node0 from input 0, and of node1 from the inputs 0 and 2; none is
// never kept. By softmax the skip of node0 (e^3 of e^4 + … + e) is the weakest, then that of node1 from input 0.
BOOST_AUTO_TEST_CASE(skips_of_the_normal_cell_are_limited) {
  const auto decided = [](const std::string& more) {
    Search search(params_of(0, more));
    search.set(kAlpha);
    return search.decided();
  };
  const std::vector<int64_t> reduction{1, 5};
  BOOST_TEST((decided(R"(, "skip_limit": 3)") == Decisions{{1, 7}, {1, 9}, reduction}));
  BOOST_TEST((decided("") == Decisions{{2, 7}, {1, 9}, reduction}));
  BOOST_TEST((decided(R"(, "skip_limit": 1)") == Decisions{{2, 7}, {6, 9}, reduction}));
  BOOST_TEST((decided(R"(, "skip_limit": 0)") == Decisions{{2, 7}, {2, 6}, reduction}));
}

BOOST_AUTO_TEST_CASE(evaluations_run_the_architecture) {
  Search search;
  search.set(kAlpha);
  const Gates gates = search.searcher.gates({GatePurpose::kEvaluation, {}});
  const Decisions decided = search.decided();
  for (size_t i = 0; i < decided.size(); ++i) {
    BOOST_TEST((gates.choices[i].active == decided[i]));
    BOOST_TEST(gates.choices[i].weights.eq(1).all().item<bool>());
  }
}

BOOST_AUTO_TEST_CASE(a_resumed_stage_continues_with_its_candidates) {
  Search first(params_of(2)), second(params_of(1), 2), resumed(params_of(1), 3);
  first.set(kAlpha);
  second.searcher.restore(first.ended(), RestoreReason::kCarry);
  second.searcher.before_step(second.services);
  resumed.searcher.restore(second.searcher.state(), RestoreReason::kResume);
  for (Search* one : {&second, &resumed}) one->searcher.before_step(one->services);
  BOOST_TEST((resumed.executed() == second.executed()));
  BOOST_TEST(resumed.searcher.alpha().equal(second.searcher.alpha()));
  BOOST_TEST(resumed.searcher.report() == second.searcher.report());
}

BOOST_AUTO_TEST_CASE(parameters_and_states_that_do_not_fit_are_refused) {
  BOOST_CHECK_EXCEPTION(Search(params_of(4)), Error, error_with(ErrorCode::kInvalidConfig, "'drop' is 4"));
  BOOST_CHECK_EXCEPTION(Search(params_of(0, R"(, "skip_limit": 2)"), 1, {toy_choice("edge", 1, 3, 1, false)}), Error,
                        error_with(ErrorCode::kInvalidConfig, "'skip_limit'", "remove"));
  Search first(params_of(2)), second(params_of(3), 2);
  BOOST_CHECK_EXCEPTION(second.searcher.restore(first.ended(), RestoreReason::kCarry), Error,
                        error_with(ErrorCode::kInvalidConfig, "'drop' is 3", "has only 2"));
  BOOST_CHECK_EXCEPTION(
      second.searcher.restore(Search(params_of(0), 1, toy_cell()).searcher.state(), RestoreReason::kCarry), Error,
      error_with(ErrorCode::kInvalidParameter));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
