#include "hypergradient.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "dha/error.hpp"
#include "shared/component_for_test.hpp"
#include "support/fake_stage.hpp"
#include "support/test_context.hpp"

namespace {

using dha::Progress;
using dha::RestoreReason;
using dha::WeightStep;
using dha::sgd::Hypergradient;
using Tensors = std::vector<at::Tensor>;

const dha::test::FakeStage kStage;

constexpr int kSteps = 6;
constexpr double kRateOfLearningRate = 1e-3, kRateOfWeightDecay = 1e-2;
constexpr double kProbeMomentum = 0.9, kProbeDecay = 5e-4;

// A small network with three weights, of which the third takes no part where `without_third`, in float64.
struct Problem {
  at::Generator draw = at::detail::createCPUGenerator(11);
  Tensors start = {at::randn({5, 4}, draw, at::kDouble), at::randn({4}, draw, at::kDouble),
                   at::randn({3, 4}, draw, at::kDouble)};
  Tensors inputs, targets;

  Problem() {
    for (int i = 0; i < 2 * kSteps; ++i) {
      inputs.push_back(at::randn({8, 5}, draw, at::kDouble));
      targets.push_back(at::randn({8, 4}, draw, at::kDouble));
    }
  }

  at::Tensor loss(const Tensors& weights, int batch, bool without_third) const {
    at::Tensor output = at::tanh(at::matmul(inputs[batch], weights[0])) * weights[1];
    if (!without_third) output = output + at::matmul(inputs[batch].narrow(1, 0, 3), weights[2]);
    return (output - targets[batch]).pow(2).mean();
  }

  // Gradients of loss() at the values of `weights`; undefined where one took no part.
  Tensors gradients(const Tensors& weights, int batch, bool without_third) const {
    Tensors leaves;
    for (const at::Tensor& weight : weights) leaves.push_back(weight.detach().clone().requires_grad_());
    loss(leaves, batch, without_third).backward();
    Tensors found;
    for (const at::Tensor& leaf : leaves) found.push_back(leaf.grad().defined() ? leaf.grad().clone() : at::Tensor());
    return found;
  }
};

// The same rule written as a differentiable graph: what autograd says about one step.
class Oracle {
 public:
  Oracle(double momentum, bool nesterov, Tensors weights) : momentum_(momentum), nesterov_(nesterov) {
    for (const at::Tensor& weight : weights) weights_.push_back(weight.clone());
    buffers_.resize(weights.size());
  }

  // theta(lr, wd) after a step with these gradients, past momentum and weights held constant.
  void step(const Tensors& gradients, double learning_rate, double weight_decay) {
    learning_rate_ = at::scalar_tensor(learning_rate, at::kDouble).requires_grad_();
    weight_decay_ = at::scalar_tensor(weight_decay, at::kDouble).requires_grad_();
    graph_ = weights_;
    for (size_t i = 0; i < weights_.size(); ++i) {
      if (!gradients[i].defined()) continue;
      const at::Tensor d = gradients[i] + weight_decay_ * weights_[i];
      const at::Tensor buffer = buffers_[i].defined() ? buffers_[i] * momentum_ + d : d;
      graph_[i] = weights_[i] - learning_rate_ * (nesterov_ ? d + buffer * momentum_ : buffer);
      buffers_[i] = buffer.detach();
      weights_[i] = graph_[i].detach();
    }
  }

  // d probe / d (lr, wd) of the last step.
  std::array<double, 2> hypergradient(const Problem& problem, int batch, bool without_third) const {
    problem.loss(graph_, batch, without_third).backward();
    return {learning_rate_.grad().item<double>(), weight_decay_.grad().item<double>()};
  }

  const Tensors& weights() const { return weights_; }

 private:
  double momentum_;
  bool nesterov_;
  Tensors weights_, buffers_, graph_;
  at::Tensor learning_rate_, weight_decay_;
};

// A scalar's descent as LearnedScalars documents it.
struct ScalarOracle {
  double value, minimum, maximum, rate, buffer = 0;
  void descend(double gradient) {
    const double d = gradient + kProbeDecay * value;
    buffer = kProbeMomentum * buffer + d;
    value = std::clamp(value - rate * (d + kProbeMomentum * buffer), minimum, maximum);
  }
};

std::string params(const std::string& probe, double momentum, bool nesterov) {
  return R"({"learning_rate": [0.001, 0.3], "weight_decay": [0, 0.2], "probe": ")" + probe + R"(", "momentum": )" +
         std::to_string(momentum) + R"(, "nesterov": )" + (nesterov ? "true" : "false") +
         R"(, "probe_rate": 1e-3, "probe_rate_weight_decay": 1e-2})";
}

std::vector<dha::NamedTensor> named(const Tensors& weights) {
  std::vector<dha::NamedTensor> list;
  for (size_t i = 0; i < weights.size(); ++i) list.push_back({"w" + std::to_string(i), weights[i]});
  return list;
}

Progress at_step(int step) { return {step / 3, 4, step % 3, 3}; }

Tensors cloned(const Tensors& tensors) {
  Tensors copies;
  for (const at::Tensor& tensor : tensors) copies.push_back(tensor.detach().clone());
  return copies;
}

// The third weight is absent from some training passes and from some probes, in all four combinations.
bool absent_from_training(int step) { return step == 1 || step == 2 || step == 4; }
bool absent_from_probe(int step) { return step == 2 || step == 3; }

// What a host does over some steps of a run with probe `next` or `batch`.
void train(Hypergradient& hyper, const Problem& problem, const Tensors& weights, int begin, int end) {
  const bool next = hyper.probe().time == dha::ProbeTime::kNext;
  for (int step = begin; step < end; ++step) {
    const Tensors gradients = problem.gradients(weights, step, absent_from_training(step));
    if (next) hyper.learn({weights, gradients, at_step(step)});
    hyper.step({weights, gradients, at_step(step)});
    if (next) continue;
    hyper.learn({weights, problem.gradients(weights, kSteps + step, absent_from_probe(step)), at_step(step)});
  }
}

double value(const Hypergradient& hyper, size_t index) { return hyper.values()[index].tensor.item<double>(); }

void close(double found, double expected) {
  BOOST_TEST(std::fabs(found - expected) <= 1e-10 * std::fabs(expected),
             "found " << found << ", expected " << expected);
}

// Relative to the largest value of `expected`.
void close(const at::Tensor& found, const at::Tensor& expected) {
  const double error = (found - expected).abs().max().item<double>(), scale = expected.abs().max().item<double>();
  BOOST_TEST(error <= 1e-12 * scale, "differs by " << error << " of " << scale);
}

void compare_with_autograd(bool next, double momentum, bool nesterov) {
  const Problem problem;
  dha::test::TestContext context;
  const auto hyper = dha::test::make<Hypergradient>(params(next ? "next" : "batch", momentum, nesterov), context);
  const Tensors weights = cloned(problem.start);
  hyper->attach(named(weights), kStage);
  Oracle oracle(momentum, nesterov, problem.start);
  ScalarOracle learning_rate{(0.001 + 0.3) / 2, 0.001, 0.3, kRateOfLearningRate};
  ScalarOracle weight_decay{0.1, 0, 0.2, kRateOfWeightDecay};

  const auto learn_and_compare = [&](int step, const Tensors& gradients, int batch, bool without_third) {
    hyper->learn({weights, gradients, at_step(step)});
    const auto [by_rate, by_decay] = oracle.hypergradient(problem, batch, without_third);
    close(context.metrics.at("hypergradient_learning_rate").item<double>(), by_rate);
    close(context.metrics.at("hypergradient_weight_decay").item<double>(), by_decay);
    BOOST_TEST(std::fabs(by_decay) > 1e-6);  // the comparison is of something
    learning_rate.descend(by_rate);
    weight_decay.descend(by_decay);
    close(value(*hyper, 0), learning_rate.value);
    close(value(*hyper, 1), weight_decay.value);
  };

  for (int step = 0; step < kSteps; ++step) {
    BOOST_TEST_CONTEXT("step " << step) {
      const bool without_third = absent_from_training(step);
      const Tensors gradients = problem.gradients(weights, step, without_third);
      if (next && step == 0) {
        hyper->learn({weights, gradients, at_step(step)});
        BOOST_TEST(context.metrics.empty());
      } else if (next) {
        learn_and_compare(step, gradients, step, without_third);
      }
      oracle.step(gradients, value(*hyper, 0), value(*hyper, 1));
      hyper->step({weights, gradients, at_step(step)});
      for (size_t i = 0; i < 3; ++i) close(weights[i], oracle.weights()[i]);
      if (next) continue;
      const bool missing = absent_from_probe(step);
      learn_and_compare(step, problem.gradients(weights, kSteps + step, missing), kSteps + step, missing);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(closed_form_agrees_with_autograd) {
  for (const bool next : {true, false})
    for (const auto& [momentum, nesterov] : {std::pair{0.9, false}, {0.9, true}, {0.0, false}})
      BOOST_TEST_CONTEXT((next ? "next" : "batch") << " momentum " << momentum << " nesterov " << nesterov)
  compare_with_autograd(next, momentum, nesterov);
}

BOOST_AUTO_TEST_CASE(probe_none_trains_with_the_initial_values) {
  const Problem problem;
  dha::test::TestContext context;
  const auto hyper = dha::test::make<Hypergradient>(
      R"({"probe": "none", "initial_learning_rate": 0.01, "initial_weight_decay": 2e-4})", context);
  const Tensors weights = cloned(problem.start);
  hyper->attach(named(weights), kStage);
  train(*hyper, problem, weights, 0, kSteps);
  BOOST_TEST(value(*hyper, 0) == 0.01);
  BOOST_TEST(value(*hyper, 1) == 2e-4);
  BOOST_TEST(context.metrics.empty());
}

BOOST_AUTO_TEST_CASE(a_scalar_that_is_not_learned_stays) {
  const Problem problem;
  for (const size_t fixed : {0u, 1u}) {
    dha::test::TestContext context;
    const auto hyper = dha::test::make<Hypergradient>(
        std::string(R"({"learning_rate": [0.01, 0.3], "weight_decay": [0, 0.2], "probe_rate": 0.01, "learn_)") +
            (fixed == 0 ? "learning_rate" : "weight_decay") + R"(": false})",
        context);
    const Tensors weights = cloned(problem.start);
    hyper->attach(named(weights), kStage);
    const std::array<double, 2> before = {value(*hyper, 0), value(*hyper, 1)};
    train(*hyper, problem, weights, 0, kSteps);
    BOOST_TEST(value(*hyper, fixed) == before[fixed]);
    BOOST_TEST(value(*hyper, 1 - fixed) != before[1 - fixed]);
  }
}

BOOST_AUTO_TEST_CASE(values_stop_at_their_ranges) {
  const Problem problem;
  dha::test::TestContext context;
  const auto hyper = dha::test::make<Hypergradient>(
      R"({"learning_rate": [0.01, 0.02], "weight_decay": [1e-4, 5e-4], "probe_rate": 1000})", context);
  const Tensors weights = cloned(problem.start);
  hyper->attach(named(weights), kStage);
  for (int step = 0; step < kSteps; ++step) {
    train(*hyper, problem, weights, step, step + 1);
    BOOST_TEST((value(*hyper, 0) == 0.01 || value(*hyper, 0) == 0.02));
    BOOST_TEST((value(*hyper, 1) == 1e-4 || value(*hyper, 1) == 5e-4));
  }
}

BOOST_AUTO_TEST_CASE(a_hypergradient_that_is_not_finite_changes_nothing_and_is_reported) {
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    const Problem problem;
    dha::test::TestContext context;
    const auto hyper = dha::test::make<Hypergradient>(params("batch", 0.9, false), context);
    const Tensors weights = cloned(problem.start);
    hyper->attach(named(weights), kStage);
    train(*hyper, problem, weights, 0, 2);
    dha::State before = hyper->state();  // over the component's memory
    for (auto& [name, tensor] : before.tensors) tensor = tensor.clone();
    const Tensors broken = {at::full({5, 4}, bad, at::kDouble), at::Tensor(), at::Tensor()};
    hyper->learn({weights, broken, at_step(1)});
    const dha::State after = hyper->state();
    for (const char* name : {"learning_rate", "weight_decay", "hyper_momentum"})
      BOOST_TEST(after.tensors.at(name).equal(before.tensors.at(name)), name);
    BOOST_TEST(context.metrics.at("skipped_probes").item<int64_t>() == 1);

    hyper->end_epoch({});
    BOOST_REQUIRE(context.warnings.size() == 1u);
    BOOST_TEST(context.warnings[0].rfind("1 hypergradients of epoch 1", 0) == 0u);
    train(*hyper, problem, weights, 2, 4);
    hyper->end_epoch({});
    BOOST_TEST(context.warnings.size() == 1u);  // reported once
    BOOST_TEST(value(*hyper, 0) != before.tensors.at("learning_rate").item<double>());
  }
}

BOOST_AUTO_TEST_CASE(a_value_taken_earlier_does_not_change) {
  const Problem problem;
  dha::test::TestContext context;
  const auto hyper = dha::test::make<Hypergradient>(params("batch", 0.9, false), context);
  const Tensors weights = cloned(problem.start);
  hyper->attach(named(weights), kStage);
  const at::Tensor taken = hyper->values()[0].tensor;
  const double before = taken.item<double>();
  train(*hyper, problem, weights, 0, 2);
  BOOST_TEST(taken.item<double>() == before);
  BOOST_TEST(value(*hyper, 0) != before);
}

BOOST_AUTO_TEST_CASE(a_restored_run_continues_with_the_same_bits) {
  const Problem problem;
  for (const char* probe : {"next", "batch", "none"})
    for (const auto& [momentum, nesterov] : {std::pair{0.9, false}, {0.9, true}, {0.0, false}})
      for (const int at : {1, 3, 5}) {
        BOOST_TEST_CONTEXT(probe << " momentum " << momentum << " nesterov " << nesterov << " restored at " << at) {
          dha::test::TestContext context;
          const auto first = dha::test::make<Hypergradient>(params(probe, momentum, nesterov), context);
          const Tensors weights = cloned(problem.start);
          first->attach(named(weights), kStage);
          train(*first, problem, weights, 0, at);
          const Tensors copies = cloned(weights);
          const auto second = dha::test::make<Hypergradient>(params(probe, momentum, nesterov), context);
          second->attach(named(copies), kStage);
          second->restore(first->state(), RestoreReason::kResume);
          train(*first, problem, weights, at, kSteps);
          train(*second, problem, copies, at, kSteps);
          for (size_t i = 0; i < 3; ++i) BOOST_TEST(weights[i].equal(copies[i]));
          for (size_t i = 0; i < 2; ++i) BOOST_TEST(value(*first, i) == value(*second, i));
        }
      }
}

// A network turns its weights to channels_last in its first forward pass, which comes after the restoring.
BOOST_AUTO_TEST_CASE(a_restored_run_sums_in_the_same_order_where_weights_are_laid_out_later) {
  at::Generator draw = at::detail::createCPUGenerator(5);
  const auto drawn = [&] {
    return at::randn({16, 8, 5, 5}, draw, at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
  };
  const at::Tensor start = drawn();
  const auto lay_out = [](const at::Tensor& weight) {
    weight.set_data(weight.detach().contiguous(at::MemoryFormat::ChannelsLast));
  };
  for (const bool nesterov : {false, true}) {
    dha::test::TestContext contexts[2];
    std::unique_ptr<Hypergradient> hypers[2];
    at::Tensor weights[2] = {start.contiguous(), start.contiguous()};
    for (int i = 0; i < 2; ++i) {
      hypers[i] = dha::test::make<Hypergradient>(params("next", 0.9, nesterov), contexts[i]);
      hypers[i]->attach({{"w", weights[i]}}, kStage);
    }
    lay_out(weights[0]);
    hypers[0]->step({{weights[0]}, {drawn()}, at_step(0)});
    weights[1].copy_(weights[0]);
    hypers[1]->restore(hypers[0]->state(), RestoreReason::kResume);
    lay_out(weights[1]);
    for (int step = 1; step < 4; ++step) {
      const at::Tensor probe = drawn(), gradient = drawn();
      for (int i = 0; i < 2; ++i) {
        hypers[i]->learn({{weights[i]}, {probe.clone()}, at_step(step)});
        hypers[i]->step({{weights[i]}, {gradient.clone()}, at_step(step)});
      }
      for (const char* name : {"hypergradient_learning_rate", "hypergradient_weight_decay"})
        BOOST_TEST(contexts[0].metrics.at(name).item<double>() == contexts[1].metrics.at(name).item<double>());
    }
    BOOST_TEST(weights[0].equal(weights[1]));
  }
}

BOOST_AUTO_TEST_CASE(a_new_stage_does_not_learn_from_the_last_step_of_the_one_before) {
  const Problem problem;
  dha::test::TestContext context;
  const auto before = dha::test::make<Hypergradient>(params("next", 0.9, false), context);
  const Tensors weights = cloned(problem.start);
  before->attach(named(weights), kStage);
  train(*before, problem, weights, 0, 3);
  const auto after = dha::test::make<Hypergradient>(params("next", 0.9, false), context);
  after->attach(named(weights), kStage);
  after->restore(before->state(), RestoreReason::kCarry);
  BOOST_TEST(value(*after, 0) == value(*before, 0));
  const Tensors gradients = problem.gradients(weights, 0, false);
  after->learn({weights, gradients, Progress{0, 4, 0, 3}});
  BOOST_TEST(value(*after, 0) == value(*before, 0));
  after->step({weights, gradients, Progress{0, 4, 0, 3}});
  after->learn({weights, problem.gradients(weights, 1, false), Progress{0, 4, 1, 3}});
  BOOST_TEST(value(*after, 0) != value(*before, 0));
}

// Values and momentum are carried apart; what is not carried starts as the parameters say, a perturbed learning rate
// among them.
BOOST_AUTO_TEST_CASE(a_later_stage_carries_values_and_momentum_apart) {
  const Problem problem;
  const std::string ranges = R"({"learning_rate": [0.001, 0.3], "weight_decay": [0, 0.2], "probe": "next",)";
  for (const bool values : {false, true})
    for (const bool momentum : {false, true}) {
      BOOST_TEST_CONTEXT("values " << values << " momentum " << momentum) {
        dha::test::TestContext context;
        const auto earlier = dha::test::make<Hypergradient>(params("next", 0.9, false), context);
        const Tensors weights = cloned(problem.start);
        earlier->attach(named(weights), kStage);
        train(*earlier, problem, weights, 0, 3);
        const auto later = dha::test::make<Hypergradient>(
            ranges + R"("initial_learning_rate": 0.02, "initial_weight_decay": 0.05})", context);
        later->attach(named(weights), kStage);
        later->carry(earlier->state(), {values, momentum});

        BOOST_TEST(value(*later, 0) == (values ? value(*earlier, 0) : 0.02));
        BOOST_TEST(value(*later, 1) == (values ? value(*earlier, 1) : 0.05));
        const dha::State before = earlier->state(), after = later->state();
        for (size_t i = 0; i < weights.size(); ++i) {
          const std::string name = "momentum/w" + std::to_string(i);
          BOOST_REQUIRE(after.tensors.contains(name) == momentum);
          if (momentum) BOOST_TEST(after.tensors.at(name).equal(before.tensors.at(name)));
        }
        const at::Tensor descent = after.tensors.at("hyper_momentum");
        BOOST_TEST(descent.equal(values ? before.tensors.at("hyper_momentum") : at::zeros({2}, at::kDouble)));
        BOOST_TEST(after.json == R"({"participants":[]})");
        later->learn({weights, problem.gradients(weights, 0, false), at_step(0)});
        BOOST_TEST(value(*later, 0) == (values ? value(*earlier, 0) : 0.02));  // no step of its own yet
      }
    }
}

BOOST_AUTO_TEST_CASE(restore_takes_what_fits_and_clamps_to_the_new_ranges) {
  const Problem problem;
  dha::test::TestContext context;
  const auto first = dha::test::make<Hypergradient>(params("batch", 0.9, true), context);
  const Tensors weights = cloned(problem.start);
  first->attach(named(weights), kStage);
  train(*first, problem, weights, 0, 1);
  const auto second = dha::test::make<Hypergradient>(
      R"({"learning_rate": [0.001, 0.01], "weight_decay": [0, 0.2], "nesterov": true})", context);
  second->attach({{"w0", weights[0]}, {"w1", at::zeros({7}, at::kDouble)}}, kStage);
  second->restore(first->state(), RestoreReason::kResume);
  BOOST_TEST(value(*second, 0) == 0.01);
  BOOST_TEST(value(*second, 1) == value(*first, 1));
  const dha::State state = second->state();
  BOOST_TEST(state.tensors.count("momentum/w0") == 1u);
  BOOST_TEST(state.tensors.count("momentum/w1") == 0u);
  BOOST_TEST(state.json == R"({"participants":["w0"]})");
  BOOST_CHECK_THROW(second->restore({}, RestoreReason::kResume), dha::Error);
  dha::State garbled = first->state();
  garbled.json = R"({"participants": [1]})";
  BOOST_CHECK_THROW(second->restore(garbled, RestoreReason::kResume), dha::Error);
}

BOOST_AUTO_TEST_CASE(preview_is_what_step_adds_and_moves_nothing) {
  const Problem problem;
  for (const auto& [momentum, nesterov] : {std::pair{0.9, false}, {0.9, true}, {0.0, false}}) {
    dha::test::TestContext context;
    const auto hyper = dha::test::make<Hypergradient>(params("batch", momentum, nesterov), context);
    const Tensors weights = cloned(problem.start);
    hyper->attach(named(weights), kStage);
    for (int step = 0; step < kSteps; ++step) {
      const Tensors before = cloned(weights);
      const Tensors gradients = problem.gradients(weights, step, absent_from_training(step));
      const Tensors moves = hyper->preview({weights, gradients, at_step(step)});
      for (size_t i = 0; i < 3; ++i) BOOST_TEST(weights[i].equal(before[i]));
      train(*hyper, problem, weights, step, step + 1);
      for (size_t i = 0; i < 3; ++i) {
        BOOST_REQUIRE(moves[i].defined() == gradients[i].defined());
        BOOST_TEST(weights[i].allclose(moves[i].defined() ? before[i] + moves[i] : before[i], 0, 1e-15));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(layout_and_precision_of_weights_do_not_change_the_hypergradient) {
  at::Generator draw = at::detail::createCPUGenerator(5);
  const at::Tensor start = at::randn({6, 3, 3, 3}, draw, at::kDouble),
                   first = at::randn({6, 3, 3, 3}, draw, at::kDouble),
                   second = at::randn({6, 3, 3, 3}, draw, at::kDouble);
  const auto run = [&](at::ScalarType type, at::MemoryFormat format, at::MemoryFormat gradient_format) {
    dha::test::TestContext context;
    const auto hyper = dha::test::make<Hypergradient>(params("next", 0.9, true), context);
    const Tensors weights = {start.to(type).clone(format)};
    hyper->attach({{"w", weights[0]}}, kStage);
    const Tensors before = {first.to(type).clone(gradient_format)}, after = {second.to(type).clone(gradient_format)};
    hyper->step({weights, before, at_step(0)});
    hyper->learn({weights, after, at_step(1)});
    return std::array<double, 2>{context.metrics.at("hypergradient_learning_rate").item<double>(),
                                 context.metrics.at("hypergradient_weight_decay").item<double>()};
  };
  const auto rows = at::MemoryFormat::Contiguous, last = at::MemoryFormat::ChannelsLast;
  const auto expected = run(at::kDouble, rows, rows);
  for (const auto& found : {run(at::kDouble, last, last), run(at::kDouble, last, rows)})
    for (size_t i = 0; i < 2; ++i) close(found[i], expected[i]);
  const auto single = run(at::kFloat, last, last);
  for (size_t i = 0; i < 2; ++i) BOOST_TEST(std::fabs(single[i] - expected[i]) < 1e-5 * std::fabs(expected[i]));
}

BOOST_AUTO_TEST_CASE(on_a_quadratic_a_small_learning_rate_rises_and_a_large_one_falls) {
  // loss = |theta|^2 / 2: without momentum the best rate is 1.
  for (const char* probe : {"next", "batch"})
    for (const double initial : {0.05, 1.8}) {
      BOOST_TEST_CONTEXT(probe << " from " << initial) {
        dha::test::TestContext context;
        const auto hyper = dha::test::make<Hypergradient>(
            R"({"learning_rate": [0.01, 1.9], "weight_decay": [0, 0], "initial_learning_rate": )" +
                std::to_string(initial) +
                R"(, "momentum": 0, "probe_rate": 0.01, "probe_weight_decay": 0, "probe": ")" + probe + "\"}",
            context);
        const Tensors weights = {at::ones({4}, at::kDouble)};
        hyper->attach({{"w", weights[0]}}, kStage);
        for (int step = 0; step < 10; ++step) {
          const Tensors gradients = {weights[0].clone()};
          if (hyper->probe().time == dha::ProbeTime::kNext) hyper->learn({weights, gradients, at_step(step)});
          hyper->step({weights, gradients, at_step(step)});
          if (hyper->probe().time != dha::ProbeTime::kBatch) continue;
          const Tensors after = {weights[0].clone()};
          hyper->learn({weights, after, at_step(step)});
        }
        BOOST_TEST((initial < 1 ? value(*hyper, 0) > 2 * initial : value(*hyper, 0) < 0.9 * initial));
      }
    }
}

// Gradients of 1x1 convolutions may have other strides than their weights in dimensions of size 1. A recorded learn()
// reads the memory that was there when it was recorded.
BOOST_AUTO_TEST_CASE(directions_keep_their_memory_whatever_the_strides_of_gradients) {
  dha::test::TestContext context;
  const auto hyper = dha::test::make<Hypergradient>(params("next", 0.9, true), context);
  const at::Tensor weight = at::ones({2, 3, 1, 1}, at::kDouble);
  const at::Tensor gradient = at::ones({6}, at::kDouble).as_strided({2, 3, 1, 1}, {3, 1, 3, 3});
  BOOST_TEST_REQUIRE((gradient.strides() != weight.strides()));
  hyper->attach({{"w", weight}}, kStage);
  const Tensors weights = {weight}, gradients = {gradient};
  const auto kept = [&] { return hyper->state().tensors.at("update/w").data_ptr(); };
  hyper->step({weights, gradients, at_step(0)});
  const void* const first = kept();
  for (int step = 1; step < 3; ++step) {
    hyper->learn({weights, gradients, at_step(step)});
    hyper->step({weights, gradients, at_step(step)});
    BOOST_TEST(kept() == first);
  }
}

BOOST_AUTO_TEST_CASE(the_plan_is_what_the_parameters_say) {
  dha::test::TestContext context;
  const auto plan = [&](const char* params) { return dha::test::make<Hypergradient>(params, context)->probe(); };
  const dha::ProbePlan standard = plan("{}");
  BOOST_TEST((standard.time == dha::ProbeTime::kBatch && standard.data == dha::ProbeData::kTrainSubset));
  BOOST_TEST(standard.subset_fraction == 0.02);
  BOOST_TEST(!standard.with_auxiliary_loss);
  const dha::ProbePlan other =
      plan(R"({"probe_data": "validation", "probe_subset": 1, "auxiliary_in_objective": true})");
  BOOST_TEST((other.data == dha::ProbeData::kValidation && other.with_auxiliary_loss && other.subset_fraction == 1));
  BOOST_TEST((plan(R"({"probe_data": "same_batch"})").data == dha::ProbeData::kSameBatch));
  BOOST_TEST((plan(R"({"probe": "next"})").time == dha::ProbeTime::kNext));
  // Nothing to learn needs no probe.
  BOOST_TEST((plan(R"({"learn_learning_rate": false, "learn_weight_decay": false})").time == dha::ProbeTime::kNone));
}

BOOST_AUTO_TEST_CASE(validation_images_are_needed_where_the_probe_runs_on_them) {
  dha::test::TestContext context;
  const auto needs = [&](const char* params) { return dha::test::make<Hypergradient>(params, context)->needs(); };
  BOOST_TEST((needs(R"({"probe_data": "validation"})") == std::vector<std::string>{"validation_images"}));
  BOOST_TEST(needs(R"({"probe_data": "validation", "probe": "next"})").empty());
  BOOST_TEST(needs("{}").empty());
}

BOOST_AUTO_TEST_CASE(values_start_in_the_middle_of_their_ranges) {
  dha::test::TestContext context;
  const auto hyper = dha::test::make<Hypergradient>("{}", context);
  BOOST_TEST(std::fabs(value(*hyper, 0) - 0.0255) < 1e-16);
  BOOST_TEST(std::fabs(value(*hyper, 1) - 3e-4) < 1e-18);
  BOOST_TEST((hyper->values()[0].name == "learning_rate" && hyper->values()[1].name == "weight_decay"));
}

BOOST_AUTO_TEST_CASE(impossible_settings_are_refused_by_name) {
  dha::test::TestContext context;
  for (const auto& [params, word] : {std::pair{R"({"learning_rate": [0.1, 0.01]})", "'learning_rate'"},
                                     {R"({"initial_learning_rate": 0.5})", "'initial_learning_rate'"},
                                     {R"({"initial_weight_decay": 0})", "'initial_weight_decay'"},
                                     {R"({"nesterov": true, "momentum": 0})", "'nesterov'"}})
    BOOST_CHECK_EXCEPTION(dha::test::make<Hypergradient>(params, context), dha::Error, [&](const dha::Error& error) {
      return error.code() == dha::ErrorCode::kInvalidParameter &&
             std::string(error.what()).find(word) != std::string::npos;
    });
}
