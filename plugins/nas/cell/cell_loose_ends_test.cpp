// Cells whose output consists of the nodes that no other node reads: published cells of five nodes as decisions,
// counts, and decided networks that continue their supernet.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "support/error_checks.hpp"
#include "test_space.hpp"

namespace dha::cell {
namespace {

using Json = nlohmann::json;

std::string five_nodes(const std::string& more = "") {
  return R"({"nodes": 5, "concat": "loose_ends", "distinct_inputs": false, "operations": ["max_pool_3x3",
    "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "sep_conv_7x7", "dil_conv_3x3", "dil_conv_5x5"])" +
         (more.empty() ? "" : ", " + more) + "}";
}

}  // namespace

BOOST_AUTO_TEST_CASE(published_cells_of_five_nodes_are_decisions) {
  TestSpace space(five_nodes(R"("channels": 36, "cells": 20, "extra_batch_norm": false)"), image_set(10, 32));
  for (const char* name : {"enas", "nsganet"}) {
    BOOST_TEST_CONTEXT(name) {
      const std::string text = published(name), again = space->architecture(space->decisions(text));
      Json before = Json::parse(text), after = Json::parse(again);
      BOOST_TEST(after["normal_concat"] == before["normal_concat"]);
      BOOST_TEST(after["reduce_concat"] == before["reduce_concat"]);
      for (const char* quantity : {quantity::kParameters, quantity::kMultiplyAdds, quantity::kAuxiliaryParameters})
        BOOST_TEST(space->cost(again).at(quantity) == space->cost(text).at(quantity));
    }
  }
  // NASNet-A's normal cell has one pair twice, which is no decision; its reduction cell is one.
  BOOST_CHECK_EXCEPTION(space->decisions(published("nasnet_a")), Error,
                        test::error_with(ErrorCode::kInvalidParameter, "which are the same"));
  BOOST_CHECK_EXCEPTION(TestSpace(five_nodes(), image_set(10, 32))->decisions(published("darts_v2")), Error,
                        test::error_with(ErrorCode::kInvalidParameter, "has 4 nodes", "those that no node reads"));
}

BOOST_AUTO_TEST_CASE(output_is_what_no_node_reads) {
  TestSpace space(five_nodes(R"("channels": 4, "cells": 3)"), image_set(5, 16));
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const Json json = Json::parse(space->sample(at::detail::createCPUGenerator(seed)));
    for (const char* cell : {"normal", "reduce"}) {
      std::vector<int64_t> expected{2, 3, 4, 5, 6};
      for (const Json& edge : json[cell]) std::erase(expected, edge[1].get<int64_t>());
      BOOST_TEST(json[std::string(cell) + "_concat"].get<std::vector<int64_t>>() == expected,
                 boost::test_tools::per_element());
    }
  }
}

// The supernet's weights for nodes that are left out are left behind.
BOOST_AUTO_TEST_CASE(decided_networks_continue_the_supernet_with_part_of_its_weights) {
  size_t narrower = 0;
  for (const char* stem : {"cifar", "imagenet"})
    for (uint64_t seed = 1; seed <= 4; ++seed) {
      const DatasetInfo info = image_set(5, stem == std::string("cifar") ? 16 : 64);
      TestSpace space(five_nodes(R"("channels": 4, "cells": 4, "stem": ")" + std::string(stem) + "\""), info);
      const Decisions decisions = random_decisions(space, seed);
      const std::string text = space->architecture(decisions);
      const auto supernet = space->supernet(at::kDouble);
      const auto lean = space->lean(text, at::kDouble);
      perturb_weights(*supernet);
      BOOST_TEST(static_cast<double>(count_of(*lean, false)) == space->cost(text).at(quantity::kParameters));
      const Gates gates = decided_gates(decisions, at::kDouble);
      BOOST_TEST(space->carry_weights(*supernet, gates, *lean, CarryMode::kExact) ==
                 static_cast<int64_t>(lean->parameters().size()));
      narrower += named(lean->parameters(), "classifier.linear.weight").size(1) <
                          named(supernet->parameters(), "classifier.linear.weight").size(1)
                      ? 1
                      : 0;
      const at::Tensor images = random_images(3, info, at::kDouble);
      const NetworkOutput expected = supernet->forward(images, gates), found = lean->forward(images, {});
      BOOST_TEST(distance(found.logits, expected.logits) < 1e-9);
      BOOST_TEST(distance(found.auxiliary_logits, expected.auxiliary_logits) < 1e-9);
      loss_of(expected, 0.4).backward();
      for (const ChoiceGates& choice : gates.choices) BOOST_TEST(choice.weights.grad().defined());
    }
  BOOST_TEST(narrower > 4U);
}

BOOST_AUTO_TEST_CASE(networks_of_all_nodes_do_not_take_the_place_of_loose_ends) {
  const DatasetInfo info = image_set(5, 16);
  TestSpace space(five_nodes(R"("channels": 4, "cells": 3)"), info);
  Decisions decisions = random_decisions(space, 1);
  const auto supernet = space->supernet(at::kDouble);
  Json json = Json::parse(space->architecture(decisions));
  json["normal_concat"] = {2, 3, 4, 5, 6};
  json["reduce_concat"] = {2, 3, 4, 5, 6};
  const auto lean = space->lean(json.dump(), at::kDouble);
  BOOST_CHECK_EXCEPTION(
      space->carry_weights(*supernet, decided_gates(decisions, at::kDouble), *lean, CarryMode::kExact), Error,
      test::error_with(ErrorCode::kInvalidConfig, "has other nodes in the decided network"));
}

}  // namespace dha::cell
