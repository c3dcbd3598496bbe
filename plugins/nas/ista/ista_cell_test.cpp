// dha.ista on the choices and networks of dha.cell: the code's gradient through a whole network, and that a random code
// can choose everything.
#include <ATen/TensorOperators.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "../cell/test_space.hpp"
#include "code_gates.hpp"
#include "ista_searcher.hpp"
#include "support/chi_square.hpp"
#include "support/complete_params.hpp"
#include "support/fake_stage.hpp"

namespace {

using namespace dha;
using cell::TestSpace;
using ista::IstaSearcher;

double relative_difference(const at::Tensor& found, const at::Tensor& expected) {
  return cell::distance(found, expected) / expected.abs().max().item<double>();
}

BOOST_AUTO_TEST_SUITE(ista_cell)

// Once with the gates as leaves and the closed form behind them, as the host does it, once with the code as the leaf of
// one graph through gates and network.
BOOST_AUTO_TEST_CASE(gradient_of_the_code_is_that_of_one_graph_through_the_network) {
  const DatasetInfo info = cell::image_set(5, 16);
  TestSpace space(R"({"channels": 4, "cells": 4})", info);
  for (const uint64_t seed : {1, 2, 3}) {
    test::TestContext context(seed);
    IstaSearcher searcher(test::complete_params<IstaSearcher>(), context);
    test::FakeStage stage;
    searcher.attach(*space.space, stage);
    const auto network = space->supernet(at::kDouble);
    const at::Tensor images = cell::random_images(4, info, at::kDouble, seed);
    const State state = searcher.state();
    Gates leaves = searcher.gates({}), graph = leaves;
    const at::Tensor code = state.tensors.at("code").clone().requires_grad_(true);
    std::vector<at::Tensor> all_columns;
    for (size_t i = 0; i < leaves.choices.size(); ++i) {
      const std::string name = space->choices()[i].name;
      const at::Tensor matrix = state.tensors.at("columns." + name), z = state.tensors.at("coefficients." + name);
      const auto& kept = leaves.choices[i].active;
      const at::Tensor columns = at::stack({matrix.select(0, kept.at(0)), matrix.select(0, kept.at(1))});
      const at::Tensor of_kept = at::stack({z.select(0, kept[0]), z.select(0, kept[1])});
      const at::Tensor constant = columns.matmul(columns.t().matmul(of_kept)) - of_kept;
      graph.choices[i].weights = columns.matmul(code.select(0, static_cast<int64_t>(i))) - constant;
      BOOST_TEST(relative_difference(leaves.choices[i].weights, graph.choices[i].weights.detach()) < 1e-10);
      leaves.choices[i].weights = leaves.choices[i].weights.clone().requires_grad_(true);
      all_columns.push_back(columns);
    }
    cell::loss_of(network->forward(images, graph), 0.4).backward();
    cell::loss_of(network->forward(images, leaves), 0.4).backward();
    std::vector<at::Tensor> gate_gradients;
    for (const ChoiceGates& choice : leaves.choices) gate_gradients.push_back(choice.weights.grad());
    const at::Tensor found = ista::code_gradient(at::stack(all_columns), at::stack(gate_gradients));
    for (int64_t i = 0; i < found.size(0); ++i)
      BOOST_TEST(relative_difference(found[i], code.grad()[i]) < 1e-10, "choice " << i << ", seed " << seed);
  }
}

// Adds what each choice keeps at the start of a search to `counts`.
void count_kept(TestSpace& space, const char* params, uint64_t seed, std::vector<std::vector<double>>& counts) {
  test::TestContext context(seed);
  IstaSearcher searcher(test::complete_params<IstaSearcher>(params), context);
  test::FakeStage stage;
  searcher.attach(*space.space, stage);
  const State state = searcher.state();
  const Gates gates = searcher.gates({});
  for (size_t i = 0; i < counts.size(); ++i) {
    const at::Tensor z = state.tensors.at("coefficients." + space->choices()[i].name);
    for (const int64_t candidate : gates.choices[i].active)
      if (z[candidate].item<double>() != 0) ++counts[i][static_cast<size_t>(candidate)];
  }
}

// All columns of a matrix are drawn alike, so that none of a node's candidates is preferred to another. Two are kept of
// each code; as they read different inputs they vary less than independent draws, and the limit errs on the safe side.
// Coefficients of zero are left out: where too few are positive, the signed rule fills up with zeros, the first ones.
BOOST_AUTO_TEST_CASE(random_codes_choose_every_operation_of_every_edge_alike) {
  TestSpace space("{}", cell::image_set(10, 32));
  BOOST_TEST_REQUIRE(space->choices().size() == 8U);
  for (const char* params :
       {R"({"mode": "one_stage", "pick": "signed"})", R"({"mode": "one_stage", "pick": "magnitude"})",
        R"({"mode": "dha", "pick": "signed"})", R"({"mode": "dha", "pick": "magnitude"})"}) {
    std::vector<std::vector<double>> counts;
    for (const Choice& choice : space->choices()) counts.emplace_back(choice.candidates.size());
    for (uint64_t seed = 1; seed <= 400; ++seed) count_kept(space, params, seed, counts);
    for (size_t i = 0; i < counts.size(); ++i) {
      BOOST_TEST_CONTEXT(params << ", " << space->choices()[i].name) {
        BOOST_TEST(*std::min_element(counts[i].begin(), counts[i].end()) > 0);
        BOOST_TEST(test::chi_square(counts[i]) < test::chi_square_limit(counts[i].size()));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
