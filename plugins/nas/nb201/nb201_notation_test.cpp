// Notation, choices, counts and drawings of the NAS-Bench-201 space.
#include <boost/test/unit_test.hpp>
#include <map>
#include <set>

#include "dha/error.hpp"
#include "notation.hpp"
#include "support/error_checks.hpp"
#include "test_space.hpp"

namespace dha::nb201 {
namespace {

int64_t parameters(const TestSpace& space, const std::string& architecture) {
  return static_cast<int64_t>(space->cost(architecture).at(quantity::kParameters));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nb201_notation)

BOOST_AUTO_TEST_CASE(decisions_are_edges_in_the_benchmarks_order) {
  const TestSpace space;
  const std::string text =
      architecture_of("|none~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|none~2|");
  const Decisions decisions{{0}, {1}, {2}, {3}, {4}, {0}};
  BOOST_TEST((space->decisions(text) == decisions));
  BOOST_TEST(space->architecture(decisions) == text);
  const std::vector<std::string> names{"cell.node1.from0", "cell.node2.from0", "cell.node2.from1",
                                       "cell.node3.from0", "cell.node3.from1", "cell.node3.from2"};
  for (size_t i = 0; i < names.size(); ++i) BOOST_TEST(space->choices()[i].name == names[i]);
}

BOOST_AUTO_TEST_CASE(samples_and_mutations_are_architectures) {
  const TestSpace space;
  const auto generator = at::detail::createCPUGenerator(3);
  std::set<std::string> seen;
  std::string from = space->sample(generator);
  for (int i = 0; i < 50; ++i) {
    const std::string to = space->mutate(from, generator);
    const Decisions before = space->decisions(from), after = space->decisions(to);
    int64_t differences = 0;
    for (size_t edge = 0; edge < before.size(); ++edge) differences += before[edge] == after[edge] ? 0 : 1;
    BOOST_TEST(differences == 1);
    seen.insert(space->sample(generator));
    from = to;
  }
  BOOST_TEST(seen.size() > 45U);
}

BOOST_AUTO_TEST_CASE(other_texts_are_refused) {
  const TestSpace space;
  const auto refuses = [&](const std::string& text, const auto&... words) {
    BOOST_CHECK_EXCEPTION(space->validate(text), Error, test::error_with(ErrorCode::kInvalidParameter, words...));
  };
  refuses("{", "is not JSON text");
  refuses("[]", "one key 'cell'");
  refuses(R"({"cell": 3})", "one key 'cell'");
  refuses(R"({"cell": "", "more": 1})", "one key 'cell'");
  refuses(architecture_of("|none~0|+|none~0|none~1|"), "departs at character 25");
  refuses(architecture_of("|none~0|+|none~1|none~0|+|none~0|none~1|none~2|"), "departs at character 18");
  refuses(architecture_of("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|x"), "departs at character 48");
  refuses(architecture_of("|nor_conv_3x4~0|+|none~0|none~1|+|none~0|none~1|none~2|"), "'nor_conv_3x4'",
          "from node 0 to node 1", "did you mean 'nor_conv_3x3'?");
  refuses(architecture_of("|~0|+|none~0|none~1|+|none~0|none~1|none~2|"), "known are 'none', 'skip_connect'");
  BOOST_CHECK_EXCEPTION(space->architecture({{0}, {1}, {2}, {3}, {5}, {0}}), Error,
                        test::error_with(ErrorCode::kInvalidParameter, "cell.node3.from1"));
}

// The first is published with the benchmark; the others are the benchmark's "model_size" in its tables.
BOOST_AUTO_TEST_CASE(counts_equal_the_published_ones) {
  const TestSpace cifar10, cifar100("{}", 100), imagenet16("{}", 120, 3, 16, 16);
  BOOST_TEST(parameters(cifar10, kAll3x3) == 1531546);
  BOOST_TEST(parameters(cifar100, kAll3x3) == 1531546 + 90 * 65);
  const std::string nothing = architecture_of("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|");
  BOOST_TEST(parameters(cifar10, nothing) == 73306);
  BOOST_TEST(parameters(imagenet16, nothing) == 73306 + 110 * 65);
}

// A cell that reaches no output counts all its weights.
BOOST_AUTO_TEST_CASE(costs_are_sums_of_candidates) {
  const TestSpace space(R"({"cells": 2})", 7, 1, 28, 28);
  const auto generator = at::detail::createCPUGenerator(4);
  const std::string nothing = architecture_of("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|");
  for (int i = 0; i < 20; ++i) {
    const std::string text = space->sample(generator);
    const Quantities cost = space->cost(text), least = space->cost(nothing);
    const Decisions decisions = space->decisions(text);
    for (const char* quantity : {quantity::kParameters, quantity::kMultiplyAdds}) {
      double sum = least.at(quantity);
      for (size_t edge = 0; edge < decisions.size(); ++edge)
        sum += space->candidate_cost(static_cast<int64_t>(edge), decisions[edge][0]).at(quantity);
      BOOST_TEST(cost.at(quantity) == sum, text);
    }
    double built = 0;
    for (const NamedTensor& one : space->lean(text, at::kFloat)->parameters())
      built += static_cast<double>(one.tensor.numel());
    BOOST_TEST(cost.at(quantity::kParameters) == built, text);
  }
}

BOOST_AUTO_TEST_CASE(drawings_leave_out_edges_without_an_operation) {
  const TestSpace space;
  const auto graphs =
      space->graphs(architecture_of("|none~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|none~1|avg_pool_3x3~2|"));
  BOOST_TEST_REQUIRE(graphs.size() == 1U);
  BOOST_TEST(graphs[0].nodes.size() == 4U);
  BOOST_TEST(graphs[0].nodes[0].is_input);
  BOOST_TEST(graphs[0].nodes[3].is_output);
  BOOST_TEST_REQUIRE(graphs[0].edges.size() == 4U);
  BOOST_TEST(graphs[0].edges[3].from == "2");
  BOOST_TEST(graphs[0].edges[3].to == "3");
  BOOST_TEST(graphs[0].edges[3].label == "avg_pool_3x3");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::nb201
