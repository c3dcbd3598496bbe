// dha.darts as the host meets it: gates, architecture steps, derivation, state.
#include "darts_searcher.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "support/complete_params.hpp"
#include "support/error_checks.hpp"
#include "support/fake_search_services.hpp"
#include "support/fake_stage.hpp"
#include "support/network_services.hpp"
#include "support/test_context.hpp"
#include "support/toy_space.hpp"

namespace {

using namespace dha;
using namespace dha::test;
using darts::DartsSearcher;
using nlohmann::json;

// A node or edge with these operations on each input.
Choice choice_of(const std::string& name, int64_t inputs, const std::vector<std::string>& operations, int64_t keep) {
  Choice choice{name, {}, keep, keep > 1};
  for (int64_t input = 0; input < inputs; ++input)
    for (const std::string& operation : operations) choice.candidates.push_back({operation, input});
  return choice;
}

const std::vector<std::string> kOperations{"none", "skip_connect", "conv"};

std::vector<Choice> small_choices() {
  return {choice_of("normal.node0", 2, kOperations, 2), choice_of("normal.node1", 3, kOperations, 2),
          choice_of("edge", 1, kOperations, 1)};
}

struct Search {
  explicit Search(const char* params = R"({"order": 1})", uint64_t seed = 1,
                  std::vector<Choice> choices = small_choices())
      : context(seed), space(std::move(choices), &context), searcher(complete_params<DartsSearcher>(params), context) {
    searcher.attach(space, stage);
    services.on_evaluate = [this](const Gates& gates, const EvaluationRequest&) {
      Evaluation evaluation;
      for (const ChoiceGates& choice : gates.choices)
        evaluation.gate_gradients.active.push_back(
            at::linspace(-1.0 - ++calls, 1, static_cast<int64_t>(choice.active.size())));
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

  Decisions decided() { return space.decisions(searcher.architecture()); }

  TestContext context;
  ToySpace space;
  FakeStage stage;
  FakeSearchServices services;
  DartsSearcher searcher;
  int calls = 0;
};

bool same_gates(const Gates& a, const Gates& b) {
  for (size_t i = 0; i < a.choices.size(); ++i)
    if (a.choices[i].active != b.choices[i].active || !a.choices[i].weights.equal(b.choices[i].weights) ||
        a.choices[i].frozen != b.choices[i].frozen)
      return false;
  return a.choices.size() == b.choices.size();
}

BOOST_AUTO_TEST_SUITE(darts_searcher)

BOOST_AUTO_TEST_CASE(weight_steps_run_all_and_evaluations_the_architecture) {
  Search search;
  for (const GatePurpose purpose : {GatePurpose::kWeightStep, GatePurpose::kProbe, GatePurpose::kSearch}) {
    const Gates gates = search.searcher.gates({purpose, {}});
    BOOST_TEST(!gates.needs_gradient);
    BOOST_TEST(gates.choices[1].active.size() == 9u);
    BOOST_TEST(gates.choices[1].weights.sum().item<double>() == 3, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(gates.choices[1].weights.sub(1.0 / 3).abs().max().item<double>() < 0.01);
  }
  search.searcher.before_step(search.services);
  const Gates gates = search.searcher.gates({GatePurpose::kEvaluation, {}});
  const Decisions decided = search.decided();
  for (size_t i = 0; i < decided.size(); ++i) {
    BOOST_TEST(gates.choices[i].active == decided[i], boost::test_tools::per_element());
    BOOST_TEST(gates.choices[i].weights.eq(1).all().item<bool>());
    BOOST_TEST(!gates.choices[i].frozen);
  }
  BOOST_TEST(gates.needs_calibration);
  BOOST_TEST(same_gates(gates, search.searcher.gates({GatePurpose::kEvaluation, {}})));
}

BOOST_AUTO_TEST_CASE(an_architecture_step_is_adam_on_the_gradient_through_the_softmax) {
  Search search(R"({"order": 1, "learning_rate": 0.01, "betas": [0.5, 0.99], "weight_decay": 0.1})");
  at::Tensor expected = search.searcher.alpha().clone();
  nas::Adam adam({0.01, 0.5, 0.99, 0.1, 1e-8});
  adam.reset(expected);
  int calls = 0;
  for (int step = 0; step < 4; ++step) {
    const at::Tensor leaf = expected.clone().requires_grad_(true);
    at::Tensor loss = at::zeros({}, at::kDouble);
    for (const auto& [first, edges] : std::vector<std::pair<int64_t, int64_t>>{{0, 2}, {6, 3}, {15, 1}}) {
      const at::Tensor of_gates = at::linspace(-1.0 - ++calls, 1, 3 * edges).to(at::kDouble);
      const at::Tensor weights = at::softmax(leaf.narrow(0, first, 3 * edges).view({edges, 3}), 1).flatten();
      loss = loss + weights.mul(of_gates).sum();
    }
    loss.backward();
    adam.step(expected, leaf.grad());
    search.searcher.before_step(search.services);
  }
  BOOST_TEST(search.searcher.alpha().sub(expected).abs().max().item<double>() < 1e-12);
}

// Strongest by a candidate other than none: node0 keeps both inputs; node1 the inputs 0 and 2; the edge keeps none.
BOOST_AUTO_TEST_CASE(nodes_keep_their_best_inputs_and_edges_may_keep_none) {
  const std::vector<double> alpha{5, 0, 1, /**/ 0, 2, 1, /**/ 0, 0, 3, /**/ 9, 1, 0, /**/ 0, 1, 0, /**/ 2, 1, 0};
  Search search;
  search.set(alpha);
  BOOST_TEST((search.decided() == Decisions{{2, 4}, {2, 7}, {0}}));
  Search never(R"({"order": 1, "keep_none": "never"})");
  never.set(alpha);
  BOOST_TEST((never.decided() == Decisions{{2, 4}, {2, 7}, {1}}));
  Search always(R"({"order": 1, "keep_none": "always"})");
  always.set(alpha);
  BOOST_TEST((always.decided() == Decisions{{0, 4}, {2, 3}, {0}}));
}

BOOST_AUTO_TEST_CASE(the_architecture_satisfies_the_constraints) {
  Search search;
  const auto is_cheap = [&](const std::string& architecture) {
    return search.space.cost(architecture).at(quantity::kParameters) < 180;
  };
  search.set({0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3});
  BOOST_TEST(!is_cheap(search.searcher.architecture()));
  search.stage.allow_only(is_cheap);
  search.searcher.attach(search.space, search.stage);
  search.set({0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3});
  BOOST_TEST(is_cheap(search.searcher.architecture()));
  search.stage.allow_only([](const std::string&) { return false; });
  BOOST_CHECK_EXCEPTION(search.searcher.attach(search.space, search.stage), Error,
                        error_with(ErrorCode::kInvalidConfig, "none of 1000 random architectures"));
}

BOOST_AUTO_TEST_CASE(a_space_of_none_alone_is_refused) {
  TestContext context;
  FakeStage stage;
  DartsSearcher searcher(complete_params<DartsSearcher>(), context);
  ToySpace only_none({choice_of("node", 2, {"none"}, 2)}), empty({});
  BOOST_CHECK_EXCEPTION(searcher.attach(only_none, stage), Error, error_with(ErrorCode::kInvalidConfig, "'node'"));
  BOOST_CHECK_EXCEPTION(searcher.attach(empty, stage), Error, error_with(ErrorCode::kInvalidConfig, "no choices"));
}

BOOST_AUTO_TEST_CASE(second_order_needs_passes_without_drop_path) {
  TestContext context;
  const auto needs = [&](const char* params) {
    return DartsSearcher(complete_params<DartsSearcher>(params), context).needs();
  };
  BOOST_TEST(needs("{}") == (std::vector<std::string>{need::kValidationImages, need::kNoDropPath}),
             boost::test_tools::per_element());
  BOOST_TEST(needs(R"({"order": 1})") == (std::vector<std::string>{need::kValidationImages}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_stage_s_end_decides) {
  Search search;
  search.searcher.before_step(search.services);
  const std::string architecture = search.searcher.architecture();
  BOOST_TEST(!search.searcher.finished());
  search.searcher.end_stage(search.services);
  BOOST_TEST(search.searcher.finished());
  BOOST_TEST(search.searcher.architecture() == architecture);
  for (const GatePurpose purpose : {GatePurpose::kWeightStep, GatePurpose::kCarry})
    for (const ChoiceGates& choice : search.searcher.gates({purpose, {}}).choices) {
      BOOST_TEST(choice.frozen);
      BOOST_TEST(static_cast<int64_t>(choice.active.size()) <= 2);
    }
}

BOOST_AUTO_TEST_CASE(a_restored_search_continues_alike) {
  Search original, restored("{\"order\": 1}", 99);
  original.searcher.before_step(original.services);
  BOOST_TEST(!restored.searcher.alpha().equal(original.searcher.alpha()));
  restored.searcher.restore(original.searcher.state(), RestoreReason::kResume);
  restored.calls = original.calls;
  for (Search* one : {&original, &restored}) one->searcher.before_step(one->services);
  BOOST_TEST(restored.searcher.alpha().equal(original.searcher.alpha()));
  BOOST_TEST(restored.searcher.report() == original.searcher.report());
  original.searcher.end_stage(original.services);
  restored.searcher.restore(original.searcher.state(), RestoreReason::kCarry);
  BOOST_TEST(restored.searcher.finished());
  BOOST_TEST(restored.searcher.architecture() == original.searcher.architecture());
}

BOOST_AUTO_TEST_CASE(states_of_other_searches_are_refused) {
  Search search;
  const std::string report = search.searcher.report();
  const auto is_refused = [&](const State& state) {
    BOOST_CHECK_EXCEPTION(search.searcher.restore(state, RestoreReason::kResume), Error,
                          error_with(ErrorCode::kInvalidParameter));
  };
  is_refused(Search("{}", 1, toy_cell()).searcher.state());
  State state = search.searcher.state();
  state.json = "[";
  is_refused(state);
  state = search.searcher.state();
  state.tensors.erase("adam.average");
  is_refused(state);
  BOOST_TEST(search.searcher.report() == report);
}

// Two operations, of which only the second can tell the classes apart: the images of the first are scaled by a matrix
// that stays zero, as it is not trained.
BOOST_AUTO_TEST_CASE(the_operation_that_helps_is_found) {
  for (const char* params : {R"({"order": 1, "learning_rate": 0.05})", R"({"order": 2, "learning_rate": 0.05})"}) {
    int found = 0;
    for (uint64_t seed = 1; seed <= 8; ++seed) {
      Search search(params, seed, {choice_of("edge", 1, {"useless", "useful"}, 1)});
      DatasetInfo info;
      info.classes = 3;
      info.channels = 1;
      info.height = info.width = 4;
      search.space.prepare(info);
      const auto network = search.space.supernet(at::kDouble);
      for (const NamedTensor& weight : network->parameters())
        if (weight.name == "edge.0") weight.tensor.detach().zero_();
      const auto batch = [&] {
        const at::Tensor labels = at::arange(48).remainder(3);
        at::Tensor images = at::randn({48, 1, 4, 4}, search.context.generator(), at::TensorOptions(at::kDouble));
        images.flatten(1).scatter_add_(1, labels.unsqueeze(1), at::full({48, 1}, 3.0, at::kDouble));
        return LabelledImages{images, labels};
      };
      NetworkServices services(*network, batch(), {batch(), batch()});
      for (int step = 0; step < 40; ++step) {
        search.searcher.before_step(services);
        services.train(search.searcher.gates({GatePurpose::kWeightStep, {}}));
        for (const NamedTensor& weight : network->parameters())
          if (weight.name == "edge.0") weight.tensor.detach().zero_();
      }
      found += search.decided() == Decisions{{1}} ? 1 : 0;
    }
    BOOST_TEST(found == 8, params << " found " << found << " of 8");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
