#include "sgd.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "shared/component_for_test.hpp"
#include "support/fake_stage.hpp"
#include "support/test_context.hpp"

namespace {

using dha::NamedTensor;
using dha::Progress;
using dha::RestoreReason;
using dha::WeightStep;
using dha::hpo::Decay;
using dha::hpo::LearningRateSchedule;
using dha::sgd::Sgd;
using Tensors = std::vector<at::Tensor>;

const dha::test::FakeStage kStage;
using Json = nlohmann::json;

const Json& golden() {
  static const Json json = Json::parse(std::ifstream(dha::test::source_dir() / "tests/golden/hpo/sgd.json"));
  return json;
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

Tensors gradients_of(const Json& step) {
  Tensors gradients;
  for (const auto& [name, values] : step.items())
    gradients.push_back(values.is_null() ? at::Tensor()
                                         : at::tensor(values.get<std::vector<double>>(), at::kDouble)
                                               .reshape(golden()["shapes"][name].get<std::vector<int64_t>>()));
  return gradients;
}

std::vector<NamedTensor> named(const Tensors& weights) { return {{"a", weights[0]}, {"b", weights[1]}}; }

Progress progress_at(int64_t step) {
  const int64_t per_epoch = golden()["steps_per_epoch"];
  return {step / per_epoch, golden()["epochs"], step % per_epoch, per_epoch};
}

double largest_difference(const at::Tensor& found, const Json& expected) {
  const at::Tensor flat = found.detach().reshape(-1).contiguous();
  double largest = 0;
  for (int64_t i = 0; i < flat.numel(); ++i)
    largest = std::max(largest, std::fabs(flat.data_ptr<double>()[i] - expected[i].get<double>()));
  return largest;
}

}  // namespace

BOOST_AUTO_TEST_CASE(twenty_steps_agree_with_torch) {
  for (const Json& trajectory : golden()["cases"]) {
    BOOST_TEST_CONTEXT(trajectory["name"].get<std::string>()) {
      dha::test::TestContext context;
      const auto sgd = dha::test::make<Sgd>(trajectory["params"].dump(), context);
      const Tensors weights = starting_weights();
      sgd->attach(named(weights), kStage);
      for (size_t step = 0; step < golden()["gradients"].size(); ++step) {
        BOOST_TEST_CONTEXT("step " << step) {
          const Tensors gradients = gradients_of(golden()["gradients"][step]);
          const Progress progress = progress_at(static_cast<int64_t>(step));
          sgd->step({weights, gradients, progress});
          const Json& expected = trajectory["weights"][step];
          BOOST_TEST(largest_difference(weights[0], expected["a"]) < 1e-12);
          BOOST_TEST(largest_difference(weights[1], expected["b"]) < 1e-12);
          BOOST_TEST(std::fabs(sgd->values()[0].tensor.item<double>() - trajectory["rates"][step].get<double>()) <
                     1e-15);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(preview_is_what_step_adds_and_moves_nothing) {
  for (const char* params : {R"({"momentum": 0.0})", R"({"weight_decay": 0.1})",
                             R"({"nesterov": true, "weight_decay": 0.1, "schedule_by": "step"})"}) {
    BOOST_TEST_CONTEXT(params) {
      dha::test::TestContext context;
      const auto sgd = dha::test::make<Sgd>(params, context);
      const Tensors weights = starting_weights();
      sgd->attach(named(weights), kStage);
      for (size_t step = 0; step < 8; ++step) {
        const Tensors before = {weights[0].detach().clone(), weights[1].detach().clone()};
        Tensors gradients = gradients_of(golden()["gradients"][step]);
        const Tensors kept = gradients_of(golden()["gradients"][step]);
        const Progress progress = progress_at(static_cast<int64_t>(step));
        const Tensors moves = sgd->preview({weights, gradients, progress});
        BOOST_TEST(weights[0].detach().equal(before[0]));
        BOOST_TEST(gradients[0].equal(kept[0]));
        sgd->step({weights, gradients, progress});
        for (size_t i = 0; i < 2; ++i) {
          BOOST_REQUIRE(moves[i].defined() == kept[i].defined());
          if (!kept[i].defined()) continue;
          BOOST_TEST((before[i] + moves[i]).allclose(weights[i].detach(), 0, 1e-15));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_restored_run_continues_with_the_same_bits) {
  dha::test::TestContext context;
  const std::string params = R"({"nesterov": true, "weight_decay": 0.01, "schedule": "cosine"})";
  const Tensors weights = starting_weights();
  const auto first = dha::test::make<Sgd>(params, context);
  first->attach(named(weights), kStage);
  const auto run = [](Sgd& sgd, const Tensors& of, size_t begin, size_t end) {
    for (size_t step = begin; step < end; ++step) {
      const Tensors gradients = gradients_of(golden()["gradients"][step]);
      sgd.step({of, gradients, progress_at(static_cast<int64_t>(step))});
    }
  };
  run(*first, weights, 0, 7);
  const Tensors copies = {weights[0].detach().clone(), weights[1].detach().clone()};
  const auto second = dha::test::make<Sgd>(params, context);
  second->attach(named(copies), kStage);
  second->restore(first->state(), RestoreReason::kResume);
  run(*first, weights, 7, 20);
  run(*second, copies, 7, 20);
  BOOST_TEST(weights[0].detach().equal(copies[0]));
  BOOST_TEST(weights[1].detach().equal(copies[1]));
}

BOOST_AUTO_TEST_CASE(restore_matches_name_and_shape_and_ignores_the_rest) {
  dha::test::TestContext context;
  const auto sgd = dha::test::make<Sgd>("{}", context);
  sgd->attach({{"same", at::zeros({2})}, {"other_shape", at::zeros({3})}, {"new", at::zeros({1})}}, kStage);
  dha::State state;
  state.tensors = {
      {"momentum/same", at::ones({2})}, {"momentum/other_shape", at::ones({2})}, {"momentum/gone", at::ones({2})}};
  sgd->restore(state, RestoreReason::kCarry);
  const dha::State kept = sgd->state();
  BOOST_REQUIRE(kept.tensors.size() == 2u);
  BOOST_TEST(kept.tensors.contains("learning_rate"));
  BOOST_TEST(kept.tensors.at("momentum/same").equal(at::ones({2})));
  // A copy: the host may do with its state what it likes.
  state.tensors["momentum/same"].zero_();
  BOOST_TEST(kept.tensors.at("momentum/same").equal(at::ones({2})));
}

BOOST_AUTO_TEST_CASE(the_rate_of_the_last_step_is_restored) {
  dha::test::TestContext context;
  const auto trained = dha::test::make<Sgd>("{}", context), resumed = dha::test::make<Sgd>("{}", context);
  const Tensors weights = {at::ones({2})}, gradients = {at::ones({2})};
  for (const auto& sgd : {trained.get(), resumed.get()}) sgd->attach({{"w", weights[0]}}, kStage);
  trained->step({weights, gradients, {6, 10, 0, 5}});
  resumed->restore(trained->state(), RestoreReason::kResume);
  const double rate = trained->values()[0].tensor.item<double>();
  BOOST_TEST(rate < 0.01);
  BOOST_TEST(resumed->values()[0].tensor.item<double>() == rate);
}

// The schedule is the new stage's in all four combinations: nothing but the momentum can be taken.
BOOST_AUTO_TEST_CASE(a_later_stage_carries_the_momentum_where_it_is_asked_for) {
  dha::test::TestContext context;
  const auto earlier = dha::test::make<Sgd>(R"({"learning_rate": 0.5, "momentum": 0.5, "weight_decay": 0})", context);
  const Tensors weights = {at::zeros({2})};
  earlier->attach({{"w", weights[0]}}, kStage);
  earlier->step({weights, {at::full({2}, 8.0f)}, {9, 10, 0, 5}});
  for (const bool values : {false, true})
    for (const bool momentum : {false, true}) {
      BOOST_TEST_CONTEXT("values " << values << " momentum " << momentum) {
        const auto later =
            dha::test::make<Sgd>(R"({"learning_rate": 0.25, "momentum": 0.5, "weight_decay": 0})", context);
        const Tensors moved = {at::zeros({2})};
        later->attach({{"w", moved[0]}}, kStage);
        later->carry(earlier->state(), {values, momentum});
        BOOST_TEST(later->values()[0].tensor.item<double>() == 0.25);
        later->step({moved, {at::ones({2})}, {0, 10, 0, 5}});
        // 0.25 * (0.5 * 8 + 1) with the momentum of the earlier stage, else 0.25 * 1.
        BOOST_TEST(moved[0].equal(at::full({2}, momentum ? -1.25f : -0.25f)));
      }
    }
}

BOOST_AUTO_TEST_CASE(channels_last_weights_move_as_contiguous_ones_do) {
  dha::test::TestContext context;
  at::Generator draw = at::detail::createCPUGenerator(3);
  const at::Tensor start = at::randn({4, 3, 3, 3}, draw), gradient = at::randn({4, 3, 3, 3}, draw);
  Tensors results;
  for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
    const auto sgd = dha::test::make<Sgd>(R"({"nesterov": true})", context);
    const Tensors weights = {start.clone().contiguous(format)};
    sgd->attach({{"w", weights[0]}}, kStage);
    for (int step = 0; step < 3; ++step) {
      const Tensors gradients = {gradient.clone()};
      sgd->step({weights, gradients, {}});
    }
    results.push_back(weights[0]);
  }
  BOOST_TEST(results[0].allclose(results[1], 0, 1e-6));
  BOOST_TEST(results[1].is_contiguous(at::MemoryFormat::ChannelsLast));
}

BOOST_AUTO_TEST_CASE(schedules_at_their_corners) {
  LearningRateSchedule schedule;
  schedule.peak = 1;
  schedule.decay = Decay::kCosine;
  schedule.by_step = true;
  schedule.warm_up_epochs = 2;
  BOOST_TEST(schedule.at({0, 10, 0, 5}) == 0.1);                    // one of the ten steps of warm-up
  BOOST_TEST(schedule.at({1, 10, 4, 5}) == 1.0);                    // the last of them
  BOOST_TEST(schedule.at({2, 10, 0, 5}) == 1.0);                    // the cosine starts at the peak
  BOOST_TEST(std::fabs(schedule.at({6, 10, 0, 5}) - 0.5) < 1e-15);  // half-way
  BOOST_TEST(schedule.at({10, 10, 0, 5}) < 1e-15);                  // past the planned end
  schedule.warm_up_epochs = 20;                                     // longer than the stage
  BOOST_TEST(schedule.at({9, 10, 4, 5}) == 0.5);

  schedule = {.decay = Decay::kStep, .peak = 1, .minimum = 0.2, .step_epochs = 2, .step_factor = 0.5};
  BOOST_TEST(schedule.at({1, 10, 0, 5}) == 1.0);
  BOOST_TEST(schedule.at({2, 10, 0, 5}) == 0.5);
  BOOST_TEST(schedule.at({9, 10, 0, 5}) == 0.2);
}

BOOST_AUTO_TEST_CASE(impossible_settings_are_refused_by_name) {
  dha::test::TestContext context;
  const auto says = [](const std::string& word) {
    return [word](const dha::Error& error) {
      return error.code() == dha::ErrorCode::kInvalidParameter &&
             std::string(error.what()).find(word) != std::string::npos;
    };
  };
  BOOST_CHECK_EXCEPTION(dha::test::make<Sgd>(R"({"nesterov": true, "momentum": 0})", context), dha::Error,
                        says("'nesterov'"));
  BOOST_CHECK_EXCEPTION(dha::test::make<Sgd>(R"({"learning_rate": 0.1, "minimum_learning_rate": 0.2})", context),
                        dha::Error, says("'minimum_learning_rate'"));
}

BOOST_AUTO_TEST_CASE(a_step_of_other_weights_is_refused) {
  dha::test::TestContext context;
  const auto sgd = dha::test::make<Sgd>("{}", context);
  sgd->attach({{"w", at::zeros({2})}}, kStage);
  const Tensors none;
  BOOST_CHECK_THROW(sgd->step({none, none, {}}), dha::Error);
}

BOOST_AUTO_TEST_CASE(a_step_without_any_gradient_changes_nothing) {
  dha::test::TestContext context;
  const auto sgd = dha::test::make<Sgd>("{}", context);
  const Tensors weights = {at::ones({2})}, gradients = {at::Tensor()};
  sgd->attach({{"w", weights[0]}}, kStage);
  sgd->step({weights, gradients, {}});
  BOOST_TEST(weights[0].equal(at::ones({2})));
  BOOST_TEST(!sgd->preview({weights, gradients, {}})[0].defined());
  BOOST_TEST(!sgd->state().tensors.contains("momentum/w"));
}
