// dha.ista as the host meets it: gates, learning, recovery, freezing, rejection, state.
#include "ista_searcher.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "code_gates.hpp"
#include "dha/nas/adam.hpp"
#include "support/complete_params.hpp"
#include "support/error_checks.hpp"
#include "support/fake_search_services.hpp"
#include "support/fake_stage.hpp"
#include "support/test_context.hpp"
#include "support/toy_space.hpp"

namespace {

using dha::ista::IstaSearcher;
using namespace dha::test;
using nlohmann::json;

// A searcher of a toy space with everything that it needs.
struct Search {
  explicit Search(const char* params = "{}", uint64_t seed = 1, std::vector<dha::Choice> choices = toy_cell())
      : context(seed), space(std::move(choices)), searcher(complete_params<IstaSearcher>(params), context) {
    services.current.epochs = 1000;  // none of these epochs is the last
    searcher.attach(space, stage);
  }

  dha::SearchStep step(const std::vector<at::Tensor>& gate_gradients) const {
    dha::SearchStep step;
    step.gate_gradients.active = gate_gradients;
    return step;
  }

  // One step whose gate gradients differ from gate to gate and from step to step.
  void learn(int64_t number) {
    std::vector<at::Tensor> gradients;
    for (size_t i = 0; i < space.choices().size(); ++i)
      gradients.push_back(at::linspace(-1.0 - static_cast<double>(number), 1.0 + static_cast<double>(i), 2));
    searcher.learn(step(gradients));
  }

  void epoch(int64_t steps = 20) {
    for (int64_t i = 0; i < steps; ++i) learn(i);
    searcher.end_epoch(services);
  }

  json report() const { return json::parse(searcher.report()); }

  std::vector<bool> frozen() const {
    std::vector<bool> flags;
    const json current = report();
    for (const auto& choice : current.at("choices")) flags.push_back(choice.at("frozen").get<bool>());
    return flags;
  }

  TestContext context;
  ToySpace space;
  FakeStage stage;
  FakeSearchServices services;
  IstaSearcher searcher;
};

bool same_gates(const dha::Gates& a, const dha::Gates& b) {
  if (a.choices.size() != b.choices.size()) return false;
  for (size_t i = 0; i < a.choices.size(); ++i)
    if (a.choices[i].active != b.choices[i].active || !a.choices[i].weights.equal(b.choices[i].weights) ||
        a.choices[i].frozen != b.choices[i].frozen)
      return false;
  return true;
}

auto has_code(dha::ErrorCode code) {
  return [code](const dha::Error& e) { return e.code() == code; };
}

BOOST_AUTO_TEST_SUITE(ista_searcher)

BOOST_AUTO_TEST_CASE(gates_and_an_architecture_exist_before_any_step) {
  Search search;
  const dha::Gates gates = search.searcher.gates({});
  BOOST_TEST(gates.choices.size() == 4u);
  for (const dha::ChoiceGates& choice : gates.choices) {
    BOOST_TEST(choice.active.size() == 2u);
    BOOST_TEST(choice.active[0] < choice.active[1]);
    BOOST_TEST((choice.weights.scalar_type() == at::kDouble));
    BOOST_TEST(!choice.weights.requires_grad());
    BOOST_TEST(choice.weights.abs().max().item<double>() < 0.1);
    BOOST_TEST(!choice.frozen);
  }
  BOOST_TEST(gates.needs_gradient);
  search.space.validate(search.searcher.architecture());
  BOOST_TEST(!search.searcher.finished());
}

BOOST_AUTO_TEST_CASE(gates_follow_their_definition) {
  // w_i = a_i . b - sum over kept k of (a_i . a_k - [i = k]) z_k, from the saved state and in double.
  Search search;
  search.epoch();
  search.learn(3);  // the code has moved on since the recovery
  const dha::State state = search.searcher.state();
  const dha::Gates gates = search.searcher.gates({});
  for (size_t i = 0; i < 4; ++i) {
    const std::string name = search.space.choices()[i].name;
    const at::Tensor columns = state.tensors.at("columns." + name);
    const at::Tensor z = state.tensors.at("coefficients." + name);
    const at::Tensor code = state.tensors.at("code").select(0, static_cast<int64_t>(i)).to(at::kDouble);
    const auto& kept = gates.choices[i].active;
    for (size_t k = 0; k < kept.size(); ++k) {
      const at::Tensor column = columns.select(0, kept[k]);
      double expected = column.dot(code).item<double>();
      for (const int64_t other : kept)
        expected -= (column.dot(columns.select(0, other)).item<double>() - (other == kept[k] ? 1 : 0)) *
                    z.select(0, other).item<double>();
      BOOST_TEST(std::fabs(gates.choices[i].weights.select(0, static_cast<int64_t>(k)).item<double>() - expected) <
                 1e-6);
    }
  }
}

BOOST_AUTO_TEST_CASE(learning_is_adam_on_the_closed_form_gradient) {
  Search search(R"({"learning_rate": 0.01, "betas": [0.5, 0.99], "weight_decay": 0.1})");
  const dha::Gates gates = search.searcher.gates({});
  at::Tensor expected = search.searcher.code().to(at::kDouble).clone();
  dha::nas::Adam adam({0.01, 0.5, 0.99, 0.1, 1e-8});
  adam.reset(expected);
  const at::Tensor live = at::full({4, 1}, true, at::kBool);
  const dha::State state = search.searcher.state();
  for (int64_t number = 0; number < 5; ++number) {
    at::Tensor gradient = at::zeros({4, 7}, at::kDouble);
    for (size_t i = 0; i < 4; ++i) {
      const at::Tensor columns = state.tensors.at("columns." + search.space.choices()[i].name);
      const at::Tensor g =
          at::linspace(-1.0 - static_cast<double>(number), 1.0 + static_cast<double>(i), 2, at::kDouble);
      for (int64_t k = 0; k < 2; ++k)
        gradient.select(0, static_cast<int64_t>(i))
            .add_(columns.select(0, gates.choices[i].active[static_cast<size_t>(k)]).mul(g.select(0, k)));
    }
    adam.step(expected, gradient, live);
    search.learn(number);
  }
  BOOST_TEST(search.searcher.code().to(at::kDouble).sub(expected).abs().max().item<double>() < 1e-6);
  BOOST_TEST(same_gates(gates, search.searcher.gates({})) == false);
}

BOOST_AUTO_TEST_CASE(support_is_constant_inside_an_epoch) {
  Search search(R"({"learning_rate": 0.1, "freeze_distance": 0})");
  const std::string before = search.searcher.architecture();
  for (int64_t i = 0; i < 30; ++i) search.learn(i);
  BOOST_TEST(search.searcher.architecture() == before);
  search.searcher.end_epoch(search.services);
  BOOST_TEST(search.searcher.architecture() != before);
}

BOOST_AUTO_TEST_CASE(choices_that_come_to_rest_freeze_and_stay) {
  Search trial(R"({"freeze_distance": 0})");
  trial.epoch();
  std::vector<double> distances;
  const json trial_report = trial.report();
  for (const auto& choice : trial_report.at("choices")) distances.push_back(choice.at("distance").get<double>());
  std::vector<double> sorted = distances;
  std::sort(sorted.begin(), sorted.end());
  BOOST_TEST(sorted[0] < sorted[3]);
  BOOST_TEST((trial.frozen() == std::vector<bool>(4, false)));

  const std::string threshold = R"({"freeze_distance": )" + json(sorted[1]).dump() + "}";
  Search search(threshold.c_str());
  BOOST_TEST((search.frozen() == std::vector<bool>(4, false)));  // not tested at the first recovery
  search.epoch();
  const std::vector<bool> frozen = search.frozen();
  for (size_t i = 0; i < 4; ++i) BOOST_TEST(frozen[i] == (distances[i] <= sorted[1]));

  const at::Tensor code = search.searcher.code().clone();
  const dha::Gates gates = search.searcher.gates({});
  for (int64_t i = 0; i < 5; ++i) search.learn(i);
  const dha::Gates later = search.searcher.gates({});
  for (size_t i = 0; i < 4; ++i) {
    const auto row = static_cast<int64_t>(i);
    BOOST_TEST(gates.choices[i].frozen == frozen[i]);
    BOOST_TEST(search.searcher.code().select(0, row).equal(code.select(0, row)) == frozen[i]);
    BOOST_TEST(later.choices[i].weights.equal(gates.choices[i].weights) == frozen[i]);
  }
  const json first = search.report();
  search.epoch();
  for (size_t i = 0; i < 4; ++i)
    if (frozen[i]) BOOST_TEST(search.report().at("choices")[i] == first.at("choices")[i]);
}

BOOST_AUTO_TEST_CASE(search_ends_when_all_are_frozen) {
  Search search(R"({"freeze_distance": 1000})");
  search.epoch(1);
  BOOST_TEST(search.searcher.finished());
  const at::Tensor code = search.searcher.code().clone();
  search.learn(1);
  search.searcher.before_step(search.services);
  search.searcher.end_epoch(search.services);
  BOOST_TEST(search.searcher.code().equal(code));
  BOOST_TEST(search.report().at("epochs") == 1);
  BOOST_TEST(!search.context.lines.empty());
}

BOOST_AUTO_TEST_CASE(frozen_choices_need_no_gradient) {
  Search search(R"({"freeze_distance": 1000})");
  std::vector<at::Tensor> none(4);
  BOOST_CHECK_EXCEPTION(search.searcher.learn(search.step(none)), dha::Error,
                        has_code(dha::ErrorCode::kContractViolation));
  BOOST_CHECK_EXCEPTION(search.searcher.learn(search.step({})), dha::Error,
                        has_code(dha::ErrorCode::kContractViolation));
  search.epoch(1);
  search.searcher.learn(search.step(none));
}

BOOST_AUTO_TEST_CASE(forbidden_architectures_are_not_adopted) {
  Search search(R"({"learning_rate": 0.1, "freeze_distance": 0})");
  const std::string before = search.searcher.architecture();
  search.stage.allow_only([&](const std::string& architecture) { return architecture == before; });
  const at::Tensor code = search.searcher.code().clone();
  search.epoch();
  search.epoch();
  BOOST_TEST(search.searcher.architecture() == before);
  BOOST_TEST(search.report().at("rejected_updates") == 2);
  BOOST_TEST(!search.searcher.code().equal(code));
  for (const std::string& asked : search.stage.asked) search.space.validate(asked);
  search.stage.on_margins = nullptr;
  search.epoch();
  BOOST_TEST(search.searcher.architecture() != before);
  BOOST_TEST(search.report().at("rejected_updates") == 2);
}

// A stage whose constraint counts the choices that differ from the start's: the first ones in order may change.
BOOST_AUTO_TEST_CASE(a_refused_architecture_is_adopted_choice_by_choice) {
  const char* params = R"({"learning_rate": 0.1, "freeze_distance": 0})";
  Search free(params), bound(params);
  const json before = json::parse(bound.searcher.architecture()).at("choices");
  const auto changes = [&](const std::string& architecture) {
    std::vector<size_t> changed;
    const json now = json::parse(architecture).at("choices");
    for (size_t i = 0; i < now.size(); ++i)
      if (now[i] != before[i]) changed.push_back(i);
    return changed;
  };
  bound.stage.allow_only([&](const std::string& architecture) { return changes(architecture).size() <= 1; });
  free.epoch();
  bound.epoch();
  const std::vector<size_t> wanted = changes(free.searcher.architecture());
  BOOST_TEST_REQUIRE(wanted.size() > 1u);
  BOOST_TEST(changes(bound.searcher.architecture()) == std::vector<size_t>{wanted[0]},
             boost::test_tools::per_element());
  BOOST_TEST(bound.report().at("rejected_updates") == 1);
  const json found = bound.report().at("choices"), expected = free.report().at("choices");
  for (size_t i = 0; i < found.size(); ++i) {
    const bool is_refused = std::find(wanted.begin() + 1, wanted.end(), i) != wanted.end();
    BOOST_TEST((found[i].at("support") == expected[i].at("support")) == !is_refused);
    BOOST_TEST(found[i].at("distance") == expected[i].at("distance"));
  }
  for (const std::string& asked : bound.stage.asked) bound.space.validate(asked);
}

BOOST_AUTO_TEST_CASE(nothing_is_rejected_where_no_candidates_change) {
  Search search(R"({"freeze_distance": 0})");
  search.stage.allow_only([](const std::string&) { return false; });
  search.epoch(0);
  BOOST_TEST(search.report().at("rejected_updates") == 0);
}

BOOST_AUTO_TEST_CASE(a_search_whose_changes_are_all_refused_ends_when_its_recoveries_settle) {
  Search search(R"({"learning_rate": 0.1})");
  const std::string before = search.searcher.architecture();
  search.stage.allow_only([&](const std::string& architecture) { return architecture == before; });
  search.epoch();
  BOOST_TEST((search.frozen() == std::vector<bool>(4, false)));
  search.epoch(0);  // codes at rest
  BOOST_TEST(search.searcher.finished());
  BOOST_TEST(search.searcher.architecture() == before);
  BOOST_TEST(search.report().at("rejected_updates") == 2);
}

BOOST_AUTO_TEST_CASE(a_resumed_search_knows_what_was_refused) {
  const char* params = R"({"learning_rate": 0.1})";
  Search original(params), resumed(params, 2), older(params, 3);
  const std::string before = original.searcher.architecture();
  for (Search* search : {&original, &resumed, &older})
    search->stage.allow_only([&](const std::string& architecture) { return architecture == before; });
  original.epoch();
  dha::State state = original.searcher.state();
  resumed.searcher.restore(state, dha::RestoreReason::kResume);
  for (const dha::Choice& choice : original.space.choices()) state.tensors.erase("last_coefficients." + choice.name);
  older.searcher.restore(state, dha::RestoreReason::kResume);
  for (Search* search : {&original, &resumed, &older}) search->epoch(0);
  BOOST_TEST(original.searcher.finished());
  BOOST_TEST(resumed.searcher.report() == original.searcher.report());
  BOOST_TEST(!older.searcher.finished());  // the first distance is that from what it holds
  older.epoch(0);
  BOOST_TEST(older.searcher.finished());
}

BOOST_AUTO_TEST_CASE(nothing_freezes_while_even_the_held_architecture_is_forbidden) {
  Search search(R"({"freeze_distance": 1000})");
  search.stage.allow_only([](const std::string&) { return false; });
  search.epoch();
  BOOST_TEST((search.frozen() == std::vector<bool>(4, false)));
  search.searcher.end_stage(search.services);
  BOOST_TEST(search.searcher.finished());
}

BOOST_AUTO_TEST_CASE(the_first_architecture_is_allowed) {
  for (const char* params : {"{}", R"({"pick": "magnitude"})"}) {
    Search search(params);
    const std::string unbound = search.searcher.architecture();
    const double limit = search.space.cost(unbound).at(dha::quantity::kParameters) - 100;
    search.stage.allow_only([&](const std::string& architecture) {
      return search.space.cost(architecture).at(dha::quantity::kParameters) < limit;
    });
    dha::test::TestContext context(1);
    IstaSearcher bound(complete_params<IstaSearcher>(params), context);
    bound.attach(search.space, search.stage);
    BOOST_TEST(search.stage.allows(bound.architecture()));
    const dha::Gates gates = bound.gates({});
    dha::Decisions active;
    for (const dha::ChoiceGates& choice : gates.choices) active.push_back(choice.active);
    BOOST_TEST((active == search.space.decisions(bound.architecture())));
    search.stage.allow_only([](const std::string&) { return false; });
    BOOST_CHECK_EXCEPTION(bound.attach(search.space, search.stage), dha::Error,
                          has_code(dha::ErrorCode::kInvalidConfig));
  }
}

BOOST_AUTO_TEST_CASE(end_of_the_stage_freezes_what_is_left) {
  Search search(R"({"freeze_distance": 0})");
  search.epoch();
  const std::string architecture = search.searcher.architecture();
  search.searcher.end_stage(search.services);
  BOOST_TEST(search.searcher.finished());
  BOOST_TEST(search.searcher.architecture() == architecture);
  BOOST_TEST(search.context.warnings.empty());
  for (const dha::ChoiceGates& choice : search.searcher.gates({}).choices) BOOST_TEST(choice.frozen);
}

BOOST_AUTO_TEST_CASE(the_last_epoch_keeps_what_was_trained) {
  for (const char* distance : {"0", "1000"}) {
    const bool settles = std::string(distance) != "0";
    Search search((R"({"learning_rate": 0.1, "freeze_distance": )" + std::string(distance) + "}").c_str());
    Search longer(R"({"learning_rate": 0.1, "freeze_distance": 0})");
    search.services.current = {.epoch = 4, .epochs = 5};
    longer.services.current = {.epoch = 3, .epochs = 5};
    const std::string before = search.searcher.architecture();
    for (Search* one : {&search, &longer})
      for (int64_t i = 0; i < 20; ++i) one->learn(i);
    const dha::Gates trained = search.searcher.gates({});
    for (Search* one : {&search, &longer}) one->searcher.end_epoch(one->services);
    BOOST_TEST(search.searcher.architecture() == before);
    BOOST_TEST(longer.searcher.architecture() != before);
    BOOST_TEST((search.frozen() == std::vector<bool>(4, settles)));
    for (size_t i = 0; i < 4; ++i)  // the distance is that of the recovery all the same
      BOOST_TEST(search.report().at("choices")[i].at("distance") == longer.report().at("choices")[i].at("distance"));
    search.searcher.end_stage(search.services);
    const dha::Gates decided = search.searcher.gates({dha::GatePurpose::kCarry, {}});
    for (size_t i = 0; i < 4; ++i) {
      BOOST_TEST(decided.choices[i].active == trained.choices[i].active, boost::test_tools::per_element());
      BOOST_TEST(decided.choices[i].weights.equal(trained.choices[i].weights));
      BOOST_TEST(decided.choices[i].frozen);
    }
    BOOST_TEST(search.searcher.architecture() == before);
    BOOST_TEST(search.report().at("rejected_updates") == 0);
  }
}

BOOST_AUTO_TEST_CASE(gates_are_the_same_for_every_purpose_and_change_nothing) {
  Search search;
  search.epoch();
  search.learn(2);
  const dha::Gates gates = search.searcher.gates({dha::GatePurpose::kWeightStep, {}});
  dha::State before = search.searcher.state();
  for (auto& [name, tensor] : before.tensors) tensor = tensor.clone();
  for (const dha::GatePurpose purpose : {dha::GatePurpose::kProbe, dha::GatePurpose::kEvaluation,
                                         dha::GatePurpose::kCarry, dha::GatePurpose::kWeightStep})
    BOOST_TEST(same_gates(search.searcher.gates({purpose, {}}), gates));
  const dha::State after = search.searcher.state();
  BOOST_TEST(after.json == before.json);
  for (const auto& [name, tensor] : before.tensors) BOOST_TEST(tensor.equal(after.tensors.at(name)), name);
}

BOOST_AUTO_TEST_CASE(two_stage_alone_needs_validation_images_and_no_gradient_of_the_weight_step) {
  for (const char* mode : {"one_stage", "two_stage", "dha"}) {
    Search search(json{{"mode", mode}}.dump().c_str());
    const bool is_two_stage = std::string(mode) == "two_stage";
    BOOST_TEST(search.searcher.needs() ==
                   (is_two_stage ? std::vector<std::string>{dha::need::kValidationImages} : std::vector<std::string>{}),
               boost::test_tools::per_element());
    BOOST_TEST(search.searcher.gates({}).needs_gradient == !is_two_stage, mode);
  }
  Search search(R"({"mode": "two_stage"})");
  search.searcher.learn({});  // empty gradients
}

BOOST_AUTO_TEST_CASE(two_stage_learns_from_validation_batches_only) {
  Search search(R"({"mode": "two_stage"})");
  const at::Tensor start = search.searcher.code().clone();
  search.learn(0);
  BOOST_TEST(search.searcher.code().equal(start));
  search.services.on_evaluate = [&](const dha::Gates& gates, const dha::EvaluationRequest&) {
    BOOST_TEST(same_gates(gates, search.searcher.gates({})));
    dha::Evaluation evaluation;
    evaluation.gate_gradients.active.assign(4, at::linspace(-1, 1, 2));
    return evaluation;
  };
  search.searcher.before_step(search.services);
  BOOST_TEST(search.services.requests.size() == 1u);
  BOOST_TEST((search.services.requests[0].data == dha::EvaluationData::kNextValidation));
  BOOST_TEST(search.services.requests[0].gate_gradients);
  BOOST_TEST(!search.services.requests[0].weight_gradients);
  BOOST_TEST(!search.searcher.code().equal(start));
}

BOOST_AUTO_TEST_CASE(one_stage_and_dha_learn_from_training_batches_only) {
  for (const char* params : {"{}", R"({"mode": "one_stage"})", R"({"mode": "dha"})"}) {
    Search search(params);
    const at::Tensor start = search.searcher.code().clone();
    search.searcher.before_step(search.services);
    BOOST_TEST(search.services.requests.empty());
    search.learn(0);
    BOOST_TEST(!search.searcher.code().equal(start));
  }
}

BOOST_AUTO_TEST_CASE(two_stage_alone_freezes_nothing_by_distance) {
  for (const char* mode : {"one_stage", "two_stage", "dha"}) {
    Search search(json{{"mode", mode}}.dump().c_str());
    search.epoch(0);  // codes at rest
    BOOST_TEST((search.frozen() == std::vector<bool>(4, std::string(mode) != "two_stage")), mode);
  }
}

// Whether a search between two operations of one input ends with the better one. The loss is +w for the first and -w
// for the second; under the rule of magnitudes it pulls the gates to 0 and 1, as a large negative gate would win there,
// too.
bool finds_better(const std::string& params, bool is_signed, uint64_t seed, int& started_better) {
  Search search(params.c_str(), seed, {{"node", {{"worse", 0}, {"better", 0}}, 1, true}});
  started_better += search.searcher.gates({}).choices[0].active[0] == 1;
  for (int epoch = 0; epoch < 10; ++epoch) {
    for (int step = 0; step < 10; ++step) {
      const dha::Gates gates = search.searcher.gates({});
      const bool is_better = gates.choices[0].active[0] == 1;
      search.searcher.learn(search.step(
          {is_signed ? at::full({1}, is_better ? -1.0 : 1.0) : gates.choices[0].weights.sub(is_better ? 1.0 : 0.0)}));
    }
    search.searcher.end_epoch(search.services);
  }
  return search.searcher.architecture() == R"({"choices":[["better@0"]]})";
}

// Not for every matrix: where one gate is active, Adam divides its column out of the gradient and moves all entries of
// the code alike, which may leave the order of the coefficients as it was. So the share of good endings is what to ask
// for.
BOOST_AUTO_TEST_CASE(mostly_finds_the_better_of_two_operations) {
  const std::pair<const char*, const char*> combinations[] = {
      {"one_stage", "signed"}, {"one_stage", "magnitude"}, {"dha", "signed"}};
  for (const auto& [mode, rule] : combinations) {
    const json params{
        {"code_size", 7}, {"mode", mode}, {"pick", rule}, {"learning_rate", 0.01}, {"freeze_distance", 0}};
    int started = 0, ended = 0;
    for (uint64_t seed = 1; seed <= 40; ++seed)
      ended += finds_better(params.dump(), std::string(rule) == "signed", seed, started);
    BOOST_TEST_CONTEXT(mode << ", " << rule) {
      BOOST_TEST(started <= 26);
      BOOST_TEST(ended >= 28);
      BOOST_TEST(ended >= started + 8);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_candidate_can_be_chosen) {
  for (const char* params :
       {R"({"mode": "one_stage", "pick": "signed"})", R"({"mode": "one_stage", "pick": "magnitude"})",
        R"({"mode": "dha", "pick": "signed"})", R"({"mode": "dha", "pick": "magnitude"})"}) {
    std::vector<std::set<int64_t>> seen(4);
    for (uint64_t seed = 1; seed <= 150; ++seed) {
      Search search(params, seed);
      const dha::Gates gates = search.searcher.gates({});
      for (size_t i = 0; i < 4; ++i) seen[i].insert(gates.choices[i].active.begin(), gates.choices[i].active.end());
    }
    for (size_t i = 0; i < 4; ++i) BOOST_TEST(seen[i].size() == 7 * (i + 2));
  }
}

BOOST_AUTO_TEST_CASE(modes_recover_differently_and_lambda_reaches_the_solver) {
  const auto kept = [](const char* params) {
    Search search(params);
    search.epoch();
    return search.report();
  };
  BOOST_TEST(kept(R"({"mode": "one_stage"})") != kept(R"({"mode": "dha"})"));
  BOOST_TEST(kept(R"({"mode": "dha"})") == kept(R"({"mode": "dha", "lambda": 7e-5})"));
  BOOST_TEST(kept(R"({"mode": "one_stage"})") == kept(R"({"mode": "one_stage", "lambda": 1e-5})"));
  const json strong = kept(R"({"lambda": 1000})");
  for (const auto& choice : strong.at("choices"))
    for (const auto& member : choice.at("support")) BOOST_TEST(member.at("coefficient") == 0.0);
}

BOOST_AUTO_TEST_CASE(columns_can_be_normalised) {
  Search search(R"({"normalise_columns": true})");
  const at::Tensor norms = search.searcher.state().tensors.at("columns.node3").square().sum(1);
  BOOST_TEST(norms.sub(1).abs().max().item<double>() < 1e-12);
  Search plain;
  const at::Tensor columns = plain.searcher.state().tensors.at("columns.node3");
  BOOST_TEST(columns.min().item<double>() >= 0);
  BOOST_TEST(columns.max().item<double>() < 1);
}

BOOST_AUTO_TEST_CASE(same_seed_same_search) {
  Search a("{}", 7), b("{}", 7), c("{}", 8);
  for (Search* search : {&a, &b, &c}) search->epoch();
  BOOST_TEST(a.searcher.report() == b.searcher.report());
  BOOST_TEST(a.searcher.report() != c.searcher.report());
}

BOOST_AUTO_TEST_CASE(restored_state_continues_identically) {
  const char* params = R"({"learning_rate": 0.003, "freeze_distance": 0.03})";
  Search original(params, 1);
  for (int i = 0; i < 3; ++i) original.epoch(7);
  Search restored(params, 99);
  BOOST_TEST(restored.searcher.architecture() != original.searcher.architecture());
  restored.searcher.restore(original.searcher.state(), dha::RestoreReason::kResume);
  BOOST_TEST(restored.searcher.report() == original.searcher.report());
  BOOST_TEST(same_gates(restored.searcher.gates({}), original.searcher.gates({})));
  for (int i = 0; i < 3; ++i) {
    original.epoch(7);
    restored.epoch(7);
    BOOST_TEST(restored.searcher.report() == original.searcher.report());
    BOOST_TEST(same_gates(restored.searcher.gates({}), original.searcher.gates({})));
  }
  BOOST_TEST(original.searcher.state().json == restored.searcher.state().json);
}

BOOST_AUTO_TEST_CASE(restoring_copies_and_a_finished_search_stays_finished) {
  Search original(R"({"freeze_distance": 1000})", 1);
  original.epoch();
  Search restored("{}", 2);
  dha::State state = original.searcher.state();
  for (auto& [name, tensor] : state.tensors) tensor = tensor.clone();
  restored.searcher.restore(state, dha::RestoreReason::kCarry);
  const std::string report = restored.searcher.report();
  for (auto& [name, tensor] : state.tensors) tensor.fill_(5);
  BOOST_TEST(restored.searcher.report() == report);
  BOOST_TEST(restored.searcher.finished());
  BOOST_TEST(restored.searcher.architecture() == original.searcher.architecture());
}

BOOST_AUTO_TEST_CASE(states_of_other_searches_are_refused_and_leave_the_search_alone) {
  const auto is_parameter_error = has_code(dha::ErrorCode::kInvalidParameter);
  Search search;
  const std::string report = search.searcher.report();
  BOOST_CHECK_EXCEPTION(
      search.searcher.restore(Search(R"({"code_size": 5})").searcher.state(), dha::RestoreReason::kCarry), dha::Error,
      is_parameter_error);
  BOOST_CHECK_EXCEPTION(
      search.searcher.restore(Search("{}", 1, toy_cell(6)).searcher.state(), dha::RestoreReason::kCarry), dha::Error,
      is_parameter_error);
  std::vector<dha::Choice> shorter = toy_cell();
  shorter.pop_back();
  BOOST_CHECK_EXCEPTION(search.searcher.restore(Search("{}", 1, shorter).searcher.state(), dha::RestoreReason::kCarry),
                        dha::Error, is_parameter_error);
  BOOST_CHECK_EXCEPTION(search.searcher.restore({}, dha::RestoreReason::kResume), dha::Error, is_parameter_error);
  dha::State text = search.searcher.state();
  text.json = "not json";
  BOOST_CHECK_EXCEPTION(search.searcher.restore(text, dha::RestoreReason::kResume), dha::Error, is_parameter_error);
  dha::State lacking = search.searcher.state();
  lacking.tensors.erase("code");
  BOOST_CHECK_EXCEPTION(search.searcher.restore(lacking, dha::RestoreReason::kResume), dha::Error, is_parameter_error);
  BOOST_TEST(search.searcher.report() == report);
}

BOOST_AUTO_TEST_CASE(a_code_that_is_not_finite_is_an_error) {
  Search search;
  search.searcher.learn(
      search.step(std::vector<at::Tensor>(4, at::full({2}, std::numeric_limits<float>::quiet_NaN()))));
  BOOST_CHECK_EXCEPTION(search.searcher.end_epoch(search.services), dha::Error, has_code(dha::ErrorCode::kDiverged));
}

BOOST_AUTO_TEST_CASE(spaces_that_do_not_fit_are_refused) {
  TestContext context;
  IstaSearcher searcher(complete_params<IstaSearcher>(), context);
  IstaSearcher keeps_two(complete_params<IstaSearcher>(R"({"keep": 2})"), context);
  FakeStage stage;
  ToySpace keeps_one({toy_choice("block", 1, 7, 1, false)}), empty({});
  ToySpace keeps_both({toy_choice("block", 1, 7, 1, false), toy_choice("node", 2, 7, 2, true)});
  BOOST_CHECK_EXCEPTION(
      keeps_two.attach(keeps_one, stage), dha::Error,
      error_with(dha::ErrorCode::kInvalidConfig, "'block' of the space keeps 1", "'keep' is 2; remove 'keep'"));
  BOOST_CHECK_EXCEPTION(searcher.attach(keeps_both, stage), dha::Error,
                        error_with(dha::ErrorCode::kInvalidConfig, "'node' of the space keeps 2", "'block' keeps 1"));
  BOOST_CHECK_EXCEPTION(searcher.attach(empty, stage), dha::Error, has_code(dha::ErrorCode::kInvalidConfig));
}

BOOST_AUTO_TEST_CASE(sizes_fit_the_space_by_default) {
  TestContext context;
  FakeStage stage;
  const std::pair<std::vector<dha::Choice>, int64_t> sizes[] = {
      {toy_cell(), 7},
      {{toy_choice("block", 1, 6, 1, false), toy_choice("another", 1, 7, 1, false)}, 4},
      {{toy_choice("edge", 1, 5, 1, false)}, 3},
      {{toy_choice("pair", 1, 2, 1, false)}, 2},
  };
  for (const auto& [choices, rows] : sizes) {
    const ToySpace space(choices);
    IstaSearcher searcher(complete_params<IstaSearcher>(), context);
    searcher.attach(space, stage);
    BOOST_TEST(searcher.code().size(1) == rows);
    BOOST_TEST(searcher.gates({}).choices[0].active.size() == static_cast<size_t>(choices[0].keep));
  }
}

BOOST_AUTO_TEST_CASE(metrics_and_report_say_what_is_going_on) {
  Search search(R"({"freeze_distance": 0})");
  search.epoch();
  for (const char* name : {"frozen", "largest_distance", "rejected_updates", "code_norm"})
    BOOST_TEST(search.context.metrics.count(name) == 1u);
  BOOST_TEST(search.context.metrics["code_norm"].item<double>() > 0);
  const json report = search.report();
  BOOST_TEST(report.at("choices").size() == 4u);
  for (const auto& choice : report.at("choices")) {
    BOOST_TEST(choice.at("support").size() == 2u);
    BOOST_TEST(choice.at("support")[0].at("operation").get<std::string>().substr(0, 2) == "op");
  }
}

// A whole small search with a network: its weights and gates learn together, and the lean network of the result
// computes the same.
BOOST_AUTO_TEST_CASE(trains_with_a_network_and_hands_over_to_a_lean_one) {
  TestContext context;
  ToySpace space(toy_cell(3), &context);
  dha::DatasetInfo info;
  info.classes = 3;
  info.channels = 1;
  info.height = info.width = 4;
  space.prepare(info);
  const auto network = space.supernet(at::kFloat);
  IstaSearcher searcher(complete_params<IstaSearcher>(R"({"learning_rate": 0.01})"), context);
  FakeStage stage;
  searcher.attach(space, stage);
  FakeSearchServices services;
  services.current.epochs = 1000;
  const at::Tensor labels = at::arange(96).remainder(3);
  at::Tensor images = at::randn({96, 1, 4, 4}, context.generator());
  images.flatten(1).scatter_add_(1, labels.unsqueeze(1), at::full({96, 1}, 3.0f));  // class k lights up pixel k
  double first = 0, last = 0;
  for (int epoch = 0; epoch < 10; ++epoch) {
    for (int step = 0; step < 20; ++step) {
      dha::Gates gates = searcher.gates({});
      for (auto& choice : gates.choices) choice.weights = choice.weights.detach().clone().requires_grad_(true);
      const at::Tensor logits = network->forward(images, gates).logits;
      const at::Tensor loss = at::log_softmax(logits, 1).gather(1, labels.unsqueeze(1)).mean().neg();
      loss.backward();
      dha::SearchStep search_step;
      for (auto& choice : gates.choices) search_step.gate_gradients.active.push_back(choice.weights.grad());
      searcher.learn(search_step);
      for (auto& [name, weight] : network->parameters()) {
        if (!weight.grad().defined()) continue;
        weight.detach().sub_(weight.grad(), 0.5);
        weight.mutable_grad().reset();
      }
      last = loss.item<double>();
      if (epoch + step == 0) first = last;
    }
    searcher.end_epoch(services);
  }
  BOOST_TEST(first > 0.9);
  BOOST_TEST(last < 0.5 * first);
  searcher.end_stage(services);
  const auto lean = space.lean(searcher.architecture(), at::kFloat);
  const dha::Gates gates = searcher.gates({});
  space.carry_weights(*network, gates, *lean, dha::CarryMode::kExact);
  const at::Tensor expected = network->forward(images, gates).logits;
  const at::Tensor found = lean->forward(images, {}).logits;
  BOOST_TEST(expected.sub(found).abs().max().item<double>() < 1e-4 * expected.abs().max().item<double>());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
