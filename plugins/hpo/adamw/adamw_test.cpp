// dha.adamw against torch.optim.AdamW, its previews, and its state.
#include "adamw.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "shared/component_for_test.hpp"
#include "support/error_checks.hpp"
#include "support/fake_stage.hpp"
#include "support/test_context.hpp"

namespace {

using namespace dha;
using dha::adamw::AdamW;
using Json = nlohmann::json;
using Tensors = std::vector<at::Tensor>;

const test::FakeStage kStage;

const Json& golden() {
  static const Json json = Json::parse(std::ifstream(test::source_dir() / "tests/golden/hpo/adamw.json"));
  return json;
}

at::Tensor tensor_of(const Json& values, const std::string& name) {
  if (values.is_null()) return {};
  return at::tensor(values.get<std::vector<double>>(), at::kDouble)
      .reshape(golden()["shapes"][name].get<std::vector<int64_t>>());
}

Tensors starting_weights() {
  Tensors weights;
  for (const auto& [name, shape] : golden()["shapes"].items()) {
    const auto sizes = shape.get<std::vector<int64_t>>();
    weights.push_back(at::linspace(-1, 1, c10::multiply_integers(sizes), at::kDouble).reshape(sizes));
    weights.back().requires_grad_();
  }
  return weights;
}

Tensors gradients_of(size_t step) {
  const Json& given = golden()["gradients"][step];
  return {tensor_of(given["a"], "a"), tensor_of(given["b"], "b")};
}

Progress progress_at(size_t step) {
  const int64_t per_epoch = golden()["steps_per_epoch"], number = static_cast<int64_t>(step);
  return {number / per_epoch, golden()["epochs"], number % per_epoch, per_epoch};
}

// A rule with the weights that it moves.
struct Training {
  explicit Training(const std::string& params) : rule(test::make<AdamW>(params, context)) {
    rule->attach({{"a", weights[0]}, {"b", weights[1]}}, kStage);
  }

  void steps(size_t first, size_t last) {
    for (size_t step = first; step < last; ++step) rule->step({weights, gradients_of(step), progress_at(step)});
  }

  test::TestContext context;
  Tensors weights = starting_weights();
  std::unique_ptr<AdamW> rule;
};

BOOST_AUTO_TEST_SUITE(adamw)

BOOST_AUTO_TEST_CASE(twenty_steps_agree_with_torch) {
  for (const Json& trajectory : golden()["cases"]) {
    BOOST_TEST_CONTEXT(trajectory["name"].get<std::string>()) {
      Training training(trajectory["params"].dump());
      for (size_t step = 0; step < golden()["gradients"].size(); ++step) {
        training.steps(step, step + 1);
        const Json& expected = trajectory["weights"][step];
        for (size_t i = 0; i < 2; ++i) {
          const std::string name = i == 0 ? "a" : "b";
          BOOST_TEST(training.weights[i].detach().sub(tensor_of(expected[name], name)).abs().max().item<double>() <
                     1e-12);
        }
        BOOST_TEST(std::abs(training.rule->values()[0].tensor.item<double>() -
                            trajectory["rates"][step].get<double>()) < 1e-15);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(preview_is_what_step_adds_and_moves_nothing) {
  Training training(R"({"weight_decay": 0.1, "decay_vectors": false})");
  for (size_t step = 0; step < 8; ++step) {
    const Tensors before = {training.weights[0].detach().clone(), training.weights[1].detach().clone()};
    const Tensors moves = training.rule->preview({training.weights, gradients_of(step), progress_at(step)});
    for (size_t i = 0; i < 2; ++i) BOOST_TEST(training.weights[i].detach().equal(before[i]));
    training.steps(step, step + 1);
    for (size_t i = 0; i < 2; ++i) {
      BOOST_TEST_REQUIRE(moves[i].defined() == gradients_of(step)[i].defined());
      if (moves[i].defined())
        BOOST_TEST((before[i] + moves[i]).allclose(training.weights[i].detach(), 0, 1e-15));
      else
        BOOST_TEST(training.weights[i].detach().equal(before[i]));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_restored_run_continues_with_the_same_bits) {
  const std::string params = R"({"weight_decay": 0.05})";
  Training first(params), second(params);
  first.steps(0, 7);
  for (size_t i = 0; i < 2; ++i) second.weights[i].detach().copy_(first.weights[i].detach());
  second.rule->restore(first.rule->state(), RestoreReason::kResume);
  BOOST_TEST(second.rule->values()[0].tensor.equal(first.rule->values()[0].tensor));
  for (Training* one : {&first, &second}) one->steps(7, 20);
  for (size_t i = 0; i < 2; ++i) BOOST_TEST(second.weights[i].detach().equal(first.weights[i].detach()));
  BOOST_TEST(second.rule->state().json == first.rule->state().json);
}

BOOST_AUTO_TEST_CASE(averages_are_carried_by_name_and_shape) {
  Training first("{}"), second("{}"), third("{}");
  first.steps(0, 5);
  State state = first.rule->state();
  state.tensors["average/b"] = at::linspace(0, 1, 4, at::kDouble);
  second.rule->carry(state, {.values = true, .momentum = true});
  const State carried = second.rule->state();
  BOOST_TEST(carried.tensors.at("average/a").equal(state.tensors.at("average/a")));
  BOOST_TEST(carried.tensors.count("average/b") == 0U);
  BOOST_TEST(Json::parse(carried.json) == Json::parse(R"({"steps": {"a": 5}})"));
  third.rule->carry(state, {.values = true, .momentum = false});
  BOOST_TEST(third.rule->state().tensors.count("average/a") == 0U);
}

BOOST_AUTO_TEST_CASE(mistakes_are_refused) {
  BOOST_CHECK_EXCEPTION(Training(R"({"learning_rate": 0.1, "minimum_learning_rate": 0.2})"), Error,
                        test::error_with(ErrorCode::kInvalidParameter, "minimum_learning_rate"));
  Training training("{}");
  const Tensors one = {training.weights[0]};
  BOOST_CHECK_EXCEPTION(training.rule->step({one, one, {}}), Error,
                        test::error_with(ErrorCode::kContractViolation, "expected the 2 weights"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
