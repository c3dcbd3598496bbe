// dha.proxyless as the host meets it: sampled paths, updates of scores, derivation, state.
#include "proxyless_searcher.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "support/complete_params.hpp"
#include "support/error_checks.hpp"
#include "support/fake_search_services.hpp"
#include "support/fake_stage.hpp"
#include "support/test_context.hpp"
#include "support/toy_space.hpp"

namespace {

using namespace dha;
using namespace dha::test;
using proxyless::ProxylessSearcher;

constexpr const char* kAlways = R"({"warm_up_epochs": 0, "architecture_interval": 1, "learning_rate": 0.05})";

// dL/dg is 1 for each candidate but 0 for the last of a choice, which is therefore the best.
Evaluation last_is_best(const Gates& gates, const std::vector<Choice>& choices) {
  Evaluation evaluation;
  for (size_t i = 0; i < choices.size(); ++i) {
    const auto cost_of = [&](const std::vector<int64_t>& positions) {
      at::Tensor costs = at::full({static_cast<int64_t>(positions.size())}, 1.0f);
      for (size_t k = 0; k < positions.size(); ++k)
        if (positions[k] + 1 == static_cast<int64_t>(choices[i].candidates.size()))
          costs.select(0, static_cast<int64_t>(k)).zero_();
      return costs;
    };
    evaluation.gate_gradients.active.push_back(cost_of(gates.choices[i].active));
    evaluation.gate_gradients.observed.push_back(cost_of(gates.choices[i].observed));
  }
  return evaluation;
}

struct Search {
  explicit Search(const char* params = kAlways, uint64_t seed = 1,
                  std::vector<Choice> choices = {toy_choice("node", 3, 3, 2, true),
                                                 toy_choice("block", 1, 4, 1, false)})
      : context(seed), space(std::move(choices)), searcher(complete_params<ProxylessSearcher>(params), context) {
    searcher.attach(space, stage);
    services.on_evaluate = [this](const Gates& gates, const EvaluationRequest&) {
      evaluated = gates;
      return last_is_best(gates, space.choices());
    };
  }

  void steps(int64_t count, int64_t epoch = 0) {
    for (int64_t i = 0; i < count; ++i) {
      services.current = {epoch, 10, i, count};
      searcher.before_step(services);
      searcher.gates({GatePurpose::kWeightStep, services.current});
    }
  }

  TestContext context;
  ToySpace space;
  FakeStage stage;
  FakeSearchServices services;
  ProxylessSearcher searcher;
  Gates evaluated;
};

BOOST_AUTO_TEST_SUITE(proxyless_searcher)

BOOST_AUTO_TEST_CASE(weight_steps_run_one_sampled_path) {
  Search search;
  std::set<std::vector<int64_t>> seen;
  std::vector<int64_t> next;  // foretold by kSearch
  for (int i = 0; i < 40; ++i) {
    const Gates gates = search.searcher.gates({GatePurpose::kWeightStep, {}});
    if (!next.empty()) BOOST_TEST((gates.choices[0].active == next));
    BOOST_TEST(!gates.needs_gradient);
    for (size_t c = 0; c < 2; ++c) {
      BOOST_TEST(static_cast<int64_t>(gates.choices[c].active.size()) == search.space.choices()[c].keep);
      BOOST_TEST(gates.choices[c].observed.empty());
      BOOST_TEST(gates.choices[c].weights.eq(1).all().item<bool>());
    }
    const Gates probe = search.searcher.gates({GatePurpose::kProbe, {}});
    BOOST_TEST((probe.choices[0].active == gates.choices[0].active));
    next = search.searcher.gates({GatePurpose::kSearch, {}}).choices[0].active;
    seen.insert(gates.choices[0].active);
  }
  BOOST_TEST(seen.size() > 8u);
  const Gates one = search.searcher.gates({}), two = search.searcher.gates({});
  BOOST_TEST((one.choices[0].active == two.choices[0].active));
  BOOST_TEST((Decisions{one.choices[0].active, one.choices[1].active} ==
              search.space.decisions(search.searcher.architecture())));
}

BOOST_AUTO_TEST_CASE(scores_learn_at_the_end_of_each_interval_after_the_warm_up) {
  Search search(R"({"warm_up_epochs": 2, "architecture_interval": 3})");
  for (const auto& [epoch, requests] : {std::pair{0, 0U}, {1, 0U}, {2, 3U}, {3, 6U}}) {
    search.steps(10, epoch);
    BOOST_TEST(search.services.requests.size() == requests);
  }
  BOOST_TEST((search.services.requests[0].data == EvaluationData::kNextValidation));
  TestContext context;
  FakeStage stage;
  ProxylessSearcher searcher(complete_params<ProxylessSearcher>(), context);
  BOOST_CHECK_EXCEPTION(searcher.attach(search.space, stage), Error,
                        error_with(ErrorCode::kInvalidConfig, "'warm_up_epochs' is 40", "10 epochs"));
}

BOOST_AUTO_TEST_CASE(all_candidates_or_two_per_draw_are_observed) {
  Search search;
  search.steps(1);
  BOOST_TEST(search.evaluated.choices[0].active.size() + search.evaluated.choices[0].observed.size() == 9u);
  BOOST_TEST(search.evaluated.choices[1].active.size() + search.evaluated.choices[1].observed.size() == 4u);
  Search two(R"({"warm_up_epochs": 0, "architecture_interval": 1, "gradient": "two_paths", "learning_rate": 0.1})");
  const at::Tensor before = two.searcher.scores().clone();
  two.steps(1);
  const ChoiceGates& block = two.evaluated.choices[1];
  BOOST_TEST(block.active.size() + block.observed.size() == 2u);
  const at::Tensor moved = two.searcher.scores().sub(before).narrow(0, 9, 4).abs();
  for (int64_t k = 0; k < 4; ++k)
    if (k != block.active[0] && k != block.observed[0]) BOOST_TEST(moved[k].item<double>() == 0);
  for (const auto& [first, count] : {std::pair<int64_t, int64_t>{0, 9}, {9, 4}})
    BOOST_TEST(two.searcher.scores().narrow(0, first, count).exp().sum().item<double>() ==
                   before.narrow(0, first, count).exp().sum().item<double>(),
               boost::test_tools::tolerance(1e-13));
}

BOOST_AUTO_TEST_CASE(the_best_candidate_is_found_in_both_modes) {
  for (const char* mode : {"all", "two_paths"}) {
    Search search((R"({"warm_up_epochs": 0, "architecture_interval": 1, "learning_rate": 0.05, "gradient": ")" +
                   std::string(mode) + "\"}")
                      .c_str());
    search.steps(150);
    const Decisions decided = search.space.decisions(search.searcher.architecture());
    BOOST_TEST(decided[0][1] == 8, mode);
    BOOST_TEST(decided[1][0] == 3, mode);
  }
}

BOOST_AUTO_TEST_CASE(none_is_drawn_only_where_it_may_be_kept) {
  Choice node = toy_choice("node", 2, 2, 2, true), edge = toy_choice("edge", 1, 2, 1, false);
  for (Choice* choice : {&node, &edge})
    for (Candidate& candidate : choice->candidates)
      if (candidate.operation == "op0") candidate.operation = "none";
  Search search(kAlways, 1, {node, edge});
  std::set<int64_t> on_edge;
  for (int i = 0; i < 30; ++i) {
    const Gates gates = search.searcher.gates({GatePurpose::kWeightStep, {}});
    BOOST_TEST((gates.choices[0].active == std::vector<int64_t>{1, 3}));
    on_edge.insert(gates.choices[1].active[0]);
  }
  BOOST_TEST(on_edge.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_stage_s_end_decides) {
  Search search;
  search.steps(3);
  const std::string architecture = search.searcher.architecture();
  search.searcher.end_stage(search.services);
  BOOST_TEST(search.searcher.finished());
  BOOST_TEST(search.searcher.architecture() == architecture);
  for (const ChoiceGates& choice : search.searcher.gates({GatePurpose::kCarry, {}}).choices) BOOST_TEST(choice.frozen);
}

BOOST_AUTO_TEST_CASE(a_restored_search_continues_alike) {
  Search original(kAlways, 1), restored(kAlways, 1);
  original.steps(4);
  restored.searcher.restore(original.searcher.state(), RestoreReason::kResume);
  at::Generator generator = restored.context.host_generator();
  generator.set_state(original.context.host_generator().get_state());
  for (Search* one : {&original, &restored}) one->steps(4);
  BOOST_TEST(restored.searcher.scores().equal(original.searcher.scores()));
  BOOST_TEST(restored.searcher.report() == original.searcher.report());
  BOOST_CHECK_EXCEPTION(
      restored.searcher.restore(Search(kAlways, 1, toy_cell()).searcher.state(), RestoreReason::kCarry), Error,
      error_with(ErrorCode::kInvalidParameter));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
