// The controller's paths: against torch.nn.LSTMCell and autograd, and as a distribution over architectures.
#include "controller.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "dha/nas/state.hpp"
#include "support/error_checks.hpp"
#include "support/paths.hpp"
#include "support/toy_space.hpp"

namespace {

using namespace dha;
using dha::enas::Controller;
using dha::enas::ControllerOptions;
using dha::enas::Draws;
using Json = nlohmann::json;

at::Generator generator(uint64_t seed = 1) { return at::detail::createCPUGenerator(seed); }

Json golden() {
  std::ifstream file(test::source_dir() / "tests/golden/enas_controller/controller.json");
  return Json::parse(file);
}

std::vector<Choice> choices_of(const Json& list, const Json& operations) {
  std::vector<Choice> choices;
  for (const Json& one : list) {
    Choice choice{one[0], {}, one[3], one[4]};
    for (int64_t input = 0; input < one[1].get<int64_t>(); ++input)
      for (const Json& operation : one[2]) choice.candidates.push_back({operations[operation.get<size_t>()], input});
    choices.push_back(choice);
  }
  return choices;
}

Draws draws_of(const Json& path, const std::vector<Choice>& choices, const Json& operations) {
  Draws draws;
  for (size_t i = 0; i < choices.size(); ++i) {
    draws.emplace_back();
    for (const Json& pair : path[i])
      for (size_t k = 0; k < choices[i].candidates.size(); ++k)
        if (choices[i].candidates[k].input == pair[0] &&
            choices[i].candidates[k].operation == operations[pair[1].get<size_t>()])
          draws.back().push_back(static_cast<int64_t>(k));
  }
  return draws;
}

// A cell of two nodes, and a block.
std::vector<Choice> small_space(bool distinct_inputs) {
  return {test::toy_choice("cell.a", 2, 2, 2, distinct_inputs), test::toy_choice("cell.b", 3, 2, 2, distinct_inputs),
          test::toy_choice("block.c", 1, 3, 1, false)};
}

// Of every order in which candidates of a choice can be drawn.
std::vector<std::vector<int64_t>> orders(const Choice& choice) {
  std::vector<std::vector<int64_t>> found;
  const auto count = static_cast<int64_t>(choice.candidates.size());
  const auto input = [&](int64_t k) { return choice.candidates[static_cast<size_t>(k)].input; };
  for (int64_t a = 0; a < count; ++a) {
    if (choice.keep == 1) found.push_back({a});
    for (int64_t b = 0; choice.keep == 2 && b < count; ++b)
      if (choice.distinct_inputs ? input(a) != input(b) : a != b) found.push_back({a, b});
  }
  return found;
}

BOOST_AUTO_TEST_SUITE(controller)

BOOST_AUTO_TEST_CASE(paths_have_the_probability_entropy_and_gradient_of_plain_torch) {
  const Json file = golden();
  const std::vector<Choice> choices = choices_of(file["choices"], file["operations"]);
  for (const Json& expected : file["cases"]) {
    ControllerOptions options;
    options.units = file["units"];
    options.temperature = expected["settings"]["temperature"];
    options.tanh_constant = expected["settings"]["tanh_constant"];
    options.operation_reduction = expected["settings"]["operation_reduction"];
    options.fixed_bias = expected["settings"]["fixed_bias"];
    options.favoured = {"sep_conv_3x3"};
    const Controller controller(choices, options, generator());
    const int64_t count = controller.variables().numel();
    controller.variables().detach().copy_(at::arange(1, count + 1, at::kDouble).square().sin());
    const enas::Path path = controller.rate(draws_of(expected["path"], choices, file["operations"]));
    path.log_probability.backward();
    BOOST_TEST(std::abs(path.log_probability.item<double>() - expected["log_probability"].get<double>()) < 1e-9);
    BOOST_TEST(std::abs(path.entropy.item<double>() - expected["entropy"].get<double>()) < 1e-9);
    BOOST_TEST(!path.entropy.requires_grad());
    const at::Tensor gradient = nas::as_tensor(expected["gradient"].get<std::vector<double>>());
    BOOST_TEST_REQUIRE(gradient.numel() == count);
    BOOST_TEST(controller.variables().grad().sub(gradient).abs().max().item<double>() < 1e-9);
  }
}

BOOST_AUTO_TEST_CASE(probabilities_of_all_paths_sum_to_one) {
  const at::NoGradGuard no_grad;
  for (const bool distinct_inputs : {true, false}) {
    const std::vector<Choice> choices = small_space(distinct_inputs);
    ControllerOptions options;
    options.units = 4;
    options.tanh_constant = 0;
    const Controller controller(choices, options, generator());
    controller.variables().mul_(40);  // far from uniform
    double sum = 0, largest = 0;
    int64_t count = 0;
    for (const auto& a : orders(choices[0]))
      for (const auto& b : orders(choices[1]))
        for (const auto& c : orders(choices[2])) {
          const double probability = controller.rate({a, b, c}).log_probability.exp().item<double>();
          sum += probability;
          largest = std::max(largest, probability);
          ++count;
        }
    BOOST_TEST(count == (distinct_inputs ? 8 * 24 * 3 : 12 * 30 * 3));
    BOOST_TEST(std::abs(sum - 1) < 1e-12);
    BOOST_TEST(largest > 3.0 / static_cast<double>(count));
  }
}

BOOST_AUTO_TEST_CASE(drawn_and_greedy_paths_are_rated_as_they_were_drawn) {
  const Controller controller(test::toy_cell(), {}, generator());
  at::Generator draws = generator(2);
  for (int64_t i = 0; i < 20; ++i) {
    const enas::Path path = i == 0 ? controller.greedy() : controller.sample(draws);
    const enas::Path rated = controller.rate(path.draws);
    BOOST_TEST(rated.log_probability.item<double>() == path.log_probability.item<double>());
    BOOST_TEST(rated.entropy.item<double>() == path.entropy.item<double>());
  }
}

BOOST_AUTO_TEST_CASE(favoured_operations_start_more_probable_everywhere_and_most_in_the_first_cell) {
  const at::NoGradGuard no_grad;
  ControllerOptions options;
  options.favoured = {"op1"};
  const std::vector<Choice> choices = {test::toy_choice("first.a", 1, 3, 1, false),
                                       test::toy_choice("second.a", 1, 3, 1, false)};
  const Controller controller(choices, options, generator());
  const auto share = [&](size_t choice) {
    double sum = 0;
    for (int64_t other = 0; other < 3; ++other) {
      const Draws draws = choice == 0 ? Draws{{1}, {other}} : Draws{{other}, {1}};
      sum += controller.rate(draws).log_probability.exp().item<double>();
    }
    return sum;
  };
  // The bias of 10 saturates: the logit is 1.1 / 2.5 where the others are near 0, and +0.25 against -0.25 at first.
  const double weight = std::exp(0.44), first_weight = std::exp(0.44 + 0.5);
  BOOST_TEST(std::abs(share(0) - first_weight / (first_weight + 2)) < 0.02);
  BOOST_TEST(std::abs(share(1) - weight / (weight + 2)) < 0.02);
}

BOOST_AUTO_TEST_CASE(draws_of_another_space_are_refused) {
  const Controller controller(small_space(true), {}, generator());
  for (const Draws& draws : {Draws{{0, 2}, {0, 2}}, Draws{{0, 1}, {0, 2}, {0}}, Draws{{0, 2}, {0, 6}, {0}},
                             Draws{{0, 2}, {0}, {0}}, Draws{{0, 2}, {-1, 2}, {0}}})
    BOOST_CHECK_EXCEPTION(controller.rate(draws), Error,
                          test::error_with(ErrorCode::kInvalidParameter, "not a path of its space"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
