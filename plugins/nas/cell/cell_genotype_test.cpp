// Architectures as text: notation, messages, decisions, sampling, mutation, drawings, published files.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "dha/error.hpp"
#include "genotype.hpp"
#include "test_space.hpp"

namespace dha::cell {
namespace {

const char* const kSmall = R"({"channels": 4, "cells": 3})";

std::string message(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& e) {
    BOOST_TEST((e.code() == ErrorCode::kInvalidParameter));
    return e.what();
  }
  return "no error";
}

void check_message(const std::string& architecture, const std::string& expected) {
  const TestSpace space(kSmall, image_set(10, 32));
  const std::string found = message([&] { space->validate(architecture); });
  BOOST_TEST(found.find(expected) != std::string::npos, "expected '" << expected << "', found '" << found << "'");
}

// A cell of one node whose normal part is given.
std::string with_normal(const std::string& edges, const std::string& concat = "[2]") {
  return R"({"normal": )" + edges + R"(, "normal_concat": )" + concat +
         R"(, "reduce": [["skip_connect", 0], ["skip_connect", 1]], "reduce_concat": [2]})";
}

}  // namespace

BOOST_AUTO_TEST_CASE(messages_say_what_is_wrong_with_an_architecture) {
  check_message("{", "is not JSON text, found \"{\"");
  check_message("{\n  \"normal\":", "is not JSON text, found \"{\\n");
  check_message("[]", "must be a JSON object, found []");
  check_message(R"({"normal": [["none", 0], ["none", 1]], "normal_concat": [2]})", "lacks the key 'reduce'");
  check_message(R"({"normla": []})", "has the key 'normla', which is unknown; did you mean 'normal'?");
  check_message(with_normal("{}"), "normal must be a list of [operation, input] pairs, found {}");
  check_message(with_normal("[]"), "normal is empty");
  check_message(with_normal(R"([["none", 0], ["none", 1], ["none", 0]])"), "normal has 3 entries, an odd number");
  check_message(with_normal(R"([["none", 0], "none"])"), "normal[1] must be a pair [operation, input]");
  check_message(with_normal(R"([["none", 0], ["none", 1.5]])"), "found [\"none\",1.5]");
  check_message(with_normal(R"([["sep_conv3x3", 0], ["none", 1]])"),
                "normal[0] names the operation 'sep_conv3x3', which is unknown; did you mean 'sep_conv_3x3'?");
  check_message(with_normal(R"([["attention", 0], ["none", 1]])"), "known are 'none', 'max_pool_3x3'");
  check_message(with_normal(R"([["none", 0], ["none", 2]])"),
                "normal[1] reads input 2, but node 0 can read inputs 0 to 1 only");
  check_message(with_normal(R"([["none", 0], ["none", -1]])"), "reads input -1");
  check_message(with_normal(R"([["none", 0], ["none", 1]])", "[3]"),
                "normal_concat names state 3, but the cell's nodes are states 2 to 2");
  check_message(with_normal(R"([["none", 0], ["none", 1]])", "[2, 2]"), "normal_concat names state 2 twice");
  check_message(with_normal(R"([["none", 0], ["none", 1]])", "[]"), "normal_concat must be a list of states");
  check_message(with_normal(R"([["none", 0], ["none", 1]])", "[\"2\"]"), "normal_concat must contain integers");
  check_message(R"({"cells": [{"nodes": [["none", 0], ["none", 1]], "concat": [2]}]})",
                "cells are 1, but the space has 3");
  check_message(R"({"cells": [{"nodes": [["none", 0], ["none", 1]]}]})", "cells[0] lacks the key 'concat'");
}

BOOST_AUTO_TEST_CASE(parameters_name_unknown_and_repeated_operations) {
  const auto with_operations = [](const char* list) {
    return message([&] { TestSpace(std::string(R"({"operations": )") + list + "}", image_set(10, 32)); });
  };
  BOOST_TEST(with_operations(R"(["skip_conect"])") ==
             "parameter 'operations' names 'skip_conect', which is not an operation; did you mean 'skip_connect'?");
  BOOST_TEST(with_operations(R"(["none", "none"])") ==
             "parameter 'operations' names 'none' twice; remove one of the two");
}

BOOST_AUTO_TEST_CASE(reduction_cells_ascend_and_are_there) {
  const auto refusal = [](const std::string& positions) {
    return message(
        [&] { const TestSpace space(R"({"cells": 4, "reduction_cells": )" + positions + "}", image_set(10, 32)); });
  };
  BOOST_TEST(refusal("[]") == "no error");
  BOOST_TEST(refusal("[0, 1, 2, 3]") == "no error");
  BOOST_TEST(
      refusal("[1, 4]") ==
      "parameter 'reduction_cells' names cell 4, but the 4 cells are counted from 0; name cells below 4 or set the "
      "parameter 'cells'");
  BOOST_TEST(refusal("[2, 1]") ==
             "parameter 'reduction_cells' names cell 1 after cell 2; name each cell once, in ascending order");
  BOOST_TEST(refusal("[2, 2]") ==
             "parameter 'reduction_cells' names cell 2 after cell 2; name each cell once, in ascending order");
}

BOOST_AUTO_TEST_CASE(decisions_and_architectures_are_inverse) {
  for (const bool shared : {true, false}) {
    const TestSpace space(std::string(R"({"cells": 3, "share_cells": )") + (shared ? "true}" : "false}"),
                          image_set(10, 32));
    BOOST_TEST(space->choices().size() == (shared ? 8U : 12U));
    const auto generator = at::detail::createCPUGenerator(3);
    for (int i = 0; i < 20; ++i) {
      const std::string text = space->sample(generator);
      BOOST_TEST(space->architecture(space->decisions(text)) == text);
      space->validate(text);
    }
  }
}

BOOST_AUTO_TEST_CASE(choices_are_input_major) {
  const TestSpace space("{}", image_set(10, 32));
  const Choice& choice = space->choices()[5];
  BOOST_TEST(choice.name == "reduce.node1");
  BOOST_TEST(choice.candidates.size() == 21U);
  BOOST_TEST(choice.candidates[9].operation == "skip_connect");
  BOOST_TEST(choice.candidates[9].input == 1);
  BOOST_TEST(choice.keep == 2);
  BOOST_TEST(choice.distinct_inputs);
  const Decisions decisions = space->decisions(published("darts_v2"));
  BOOST_TEST(decisions[2] == (std::vector<int64_t>{2, 10}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(decisions_refuse_what_the_choices_cannot_say) {
  const TestSpace space(R"({"operations": ["max_pool_3x3", "skip_connect", "sep_conv_3x3"], "nodes": 1})",
                        image_set(10, 32));
  const auto refusal = [&](const std::string& text) { return message([&] { space->decisions(text); }); };
  BOOST_TEST(refusal(published("nsganet")).find("normal cell has 5 nodes") != std::string::npos);
  space->validate(published("nsganet"));
  BOOST_TEST(refusal(with_normal(R"([["sep_conv_5x5", 0], ["skip_connect", 1]])"))
                 .find("normal cell uses 'sep_conv_5x5', which is not among the space's operations") !=
             std::string::npos);
  BOOST_TEST(refusal(with_normal(R"([["sep_conv_3x3", 0], ["skip_connect", 0]])")).find("read the same input") !=
             std::string::npos);
  BOOST_TEST(message([&] {
               space->architecture({{0, 1}});
             }).find("decisions for 1 choices, expected 2") != std::string::npos);
  BOOST_TEST(message([&] { space->architecture({{0}, {0, 3}}); }).find("'normal.node0' keep 1") != std::string::npos);
  BOOST_TEST(message([&] {
               space->architecture({{0, 6}, {0, 3}});
             }).find("candidate 6, but there are 6") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(samples_are_uniform_over_decisions) {
  // One node and two operations: with distinct inputs 2 * 2 = 4 decisions per choice, without 4 * 3 / 2 = 6.
  for (const bool distinct : {true, false}) {
    const TestSpace space(std::string(R"({"operations": ["max_pool_3x3", "skip_connect"], "nodes": 1,
      "distinct_inputs": )") + (distinct ? "true}" : "false}"),
                          image_set(10, 32));
    const auto generator = at::detail::createCPUGenerator(11);
    const size_t kinds = distinct ? 16 : 36;
    std::map<std::string, int> seen;
    for (int i = 0; i < 100 * static_cast<int>(kinds); ++i) ++seen[space->sample(generator)];
    BOOST_TEST(seen.size() == kinds);
    double chi_squared = 0;
    for (const auto& [text, count] : seen) chi_squared += (count - 100.0) * (count - 100.0) / 100;
    BOOST_TEST(chi_squared < 2.2 * static_cast<double>(kinds));
  }
}

BOOST_AUTO_TEST_CASE(mutations_differ_in_one_candidate) {
  const TestSpace space("{}", image_set(10, 32));
  const auto generator = at::detail::createCPUGenerator(4);
  std::string text = published("darts_v1");
  std::set<size_t> touched;
  for (int step = 0; step < 100; ++step) {
    const std::string next = space->mutate(text, generator);
    const Decisions before = space->decisions(text), after = space->decisions(next);
    int changed = 0;
    for (size_t i = 0; i < before.size(); ++i)
      for (const int64_t candidate : after[i])
        if (std::find(before[i].begin(), before[i].end(), candidate) == before[i].end()) {
          ++changed;
          touched.insert(i);
        }
    BOOST_TEST(changed == 1);
    text = next;
  }
  BOOST_TEST(touched.size() == 8U);
}

BOOST_AUTO_TEST_CASE(samples_repeat_with_the_generator) {
  const TestSpace space("{}", image_set(10, 32));
  BOOST_TEST(space->sample(at::detail::createCPUGenerator(9)) == space->sample(at::detail::createCPUGenerator(9)));
  BOOST_TEST(space->sample(at::detail::createCPUGenerator(9)) != space->sample(at::detail::createCPUGenerator(10)));
}

BOOST_AUTO_TEST_CASE(graphs_show_both_cells) {
  const TestSpace space("{}", image_set(10, 32));
  const auto graphs = space->graphs(published("darts_v2"));
  BOOST_TEST_REQUIRE(graphs.size() == 2U);
  BOOST_TEST(graphs[0].title == "normal");
  BOOST_TEST(graphs[1].title == "reduce");
  BOOST_TEST(graphs[0].nodes.size() == 7U);
  BOOST_TEST(graphs[0].edges.size() == 12U);
  BOOST_TEST(graphs[0].edges[7].from == "0");
  BOOST_TEST(graphs[0].edges[7].to == "3");
  BOOST_TEST(graphs[0].edges[7].label == "dil_conv_3x3");
  BOOST_TEST(graphs[0].edges[11].to == "c_{k}");
  std::set<std::string> ids;
  for (const auto& node : graphs[0].nodes) ids.insert(node.id);
  for (const auto& edge : graphs[0].edges) BOOST_TEST((ids.count(edge.from) == 1 && ids.count(edge.to) == 1));
}

BOOST_AUTO_TEST_CASE(published_files_are_valid_and_print_as_read) {
  const TestSpace space("{}", image_set(10, 32));
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(test::source_dir() / "examples/architectures")) {
    const std::string text = published(entry.path().stem().string());
    BOOST_TEST_CONTEXT(entry.path().filename().string()) {
      space->validate(text);
      BOOST_TEST((parse_genotype(print_genotype(parse_genotype(text))).cells == parse_genotype(text).cells));
    }
    ++files;
  }
  BOOST_TEST(files >= 12U);
}

}  // namespace dha::cell
