// Networks of the cell space described layer by layer: the described layers compute what the network computes.
#include <boost/test/unit_test.hpp>

#include "support/run_layer_graph.hpp"
#include "test_space.hpp"

namespace dha::cell {
namespace {

constexpr double kRounding = 1e-12;

// The network of `architecture` with perturbed weights and gates.
void check(TestSpace& space, const DatasetInfo& info, const std::string& architecture) {
  const auto network = space->lean(architecture, at::kDouble);
  perturb_weights(*network);
  const at::NoGradGuard no_grad;
  double gate = 0.7;
  for (const NamedTensor& buffer : network->buffers())
    if (buffer.name.ends_with(".gate")) {
      buffer.tensor.fill_(gate);
      gate = gate > 0 ? -1.3 : 0.7;
    }
  const double distance =
      test::distance_of_layers(*space.space, architecture, *network, random_images(2, info, at::kDouble));
  BOOST_TEST(distance < kRounding, architecture);
}

void check_samples(const std::string& params, const DatasetInfo& info, uint64_t samples) {
  TestSpace space(params, info);
  for (uint64_t seed = 0; seed < samples; ++seed)
    check(space, info, space->sample(at::detail::createCPUGenerator(seed)));
}

std::string with_all_operations(const std::string& more) {
  return small_space(R"("operations": )" + std::string(kEveryOperation) + more);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cell_layers)

BOOST_AUTO_TEST_CASE(random_architectures_are_described) {
  check_samples(with_all_operations(""), image_set(5, 12), 10);
  check_samples(with_all_operations(R"(, "gate_weights": "keep", "concat": "loose_ends")"), image_set(4, 11, 1), 10);
  check_samples(with_all_operations(R"(, "extra_batch_norm": false, "share_cells": false)"), image_set(5, 9), 5);
  check_samples(with_all_operations(R"(, "stem": "imagenet", "auxiliary_weight": 0.4)"), image_set(5, 45), 5);
}

BOOST_AUTO_TEST_CASE(nodes_without_an_operation_are_zeros) {
  const DatasetInfo info = image_set(3, 10);
  TestSpace space(small_space(), info);
  check(space, info, R"({"normal": [["none", 0], ["none", 1], ["skip_connect", 2], ["sep_conv_3x3", 0]],
    "normal_concat": [2, 3], "reduce": [["none", 0], ["none", 1], ["max_pool_3x3", 0], ["none", 2]],
    "reduce_concat": [3, 2]})");
}

BOOST_AUTO_TEST_CASE(published_architectures_are_described) {
  const DatasetInfo info = image_set(10, 16);
  TestSpace space(R"({"channels": 4, "cells": 5})", info);
  for (const std::string name : {"darts_v1", "darts_v2", "enas", "enas_script", "ista_imagenet", "ista_one_stage",
                                 "ista_two_stage", "nasnet_a", "nsganet", "pdarts", "snas_mild", "snas_moderate"})
    BOOST_TEST_CONTEXT(name) check(space, info, published(name));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::cell
