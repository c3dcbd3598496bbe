// The files for other programs: what they hold of a small network, and which networks are refused.
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>

#include <boost/test/unit_test.hpp>

#include "dha/error.hpp"
#include "export/exported_files.hpp"
#include "export/graph_check.hpp"
#include "export/module_tree.hpp"
#include "export/onnx_file.hpp"
#include "export/onnx_problem.hpp"
#include "export/python_module.hpp"
#include "storage/atomic_file.hpp"
#include "support/error_checks.hpp"
#include "support/paths.hpp"

namespace dha {
namespace {

using Kind = GraphLayer::Kind;

GraphLayer layer(Kind kind, const std::string& name, std::vector<int64_t> inputs, int64_t in = 0, int64_t out = 0) {
  GraphLayer one;
  one.kind = kind;
  one.name = name;
  one.inputs = std::move(inputs);
  one.in = in;
  one.out = out;
  return one;
}

// Convolution, batch norm with a gate, ReLU with a gate, zeros, sum, head.
ExportedModel small_model() {
  ExportedModel model;
  model.graph = {1, 6, 5, {}, 8};
  auto& layers = model.graph.layers;
  layers = {layer(Kind::kConvolution, "stem.conv", {LayerGraph::kImages}, 1, 4),
            layer(Kind::kBatchNorm, "cells.0.a.norm", {0}, 4, 4),
            layer(Kind::kGate, "cells.0.a", {1}),
            layer(Kind::kRelu, "cells.0.b", {0}),
            layer(Kind::kGate, "cells.0.b", {3}),
            layer(Kind::kZeros, "cells.0.c", {LayerGraph::kImages}, 0, 4),
            layer(Kind::kAdd, "cells.0", {2, 4, 5}),
            layer(Kind::kGlobalAveragePool, "head", {6}),
            layer(Kind::kLinear, "head.linear", {7}, 4, 3)};
  layers[0].kernel = {3, 3};
  layers[0].has_bias = true;
  layers[5].size = {4, 3};
  model.tensors = {{"stem.conv.weight", at::ones({4, 1, 3, 3})},   {"stem.conv.bias", at::ones({4})},
                   {"cells.0.a.norm.weight", at::ones({4})},       {"cells.0.a.norm.bias", at::ones({4})},
                   {"cells.0.a.norm.running_mean", at::ones({4})}, {"cells.0.a.norm.running_var", at::ones({4})},
                   {"cells.0.a.gate", at::full({}, -2.0)},         {"cells.0.b.gate", at::full({}, 3.0)},
                   {"head.linear.weight", at::ones({3, 4})}};
  model.info.class_names = {"a", "b", "\"c\""};
  model.info.mean = {0.5};
  model.info.standard_deviation = {0.25};
  model.weights_sha256 = "0123";
  model.version = "1.2.3";
  return model;
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// The small model with one change is refused with this text.
template <class Change>
void check_refused(const std::string& text, Change change) {
  ExportedModel model = small_model();
  change(model);
  BOOST_CHECK_EXCEPTION(checked_graph(model.graph, model.tensors, 3), Error,
                        test::error_with(ErrorCode::kContractViolation, text));
}

void check_name_refused(const std::string& name) {
  ModuleTree tree;
  tree.add("block.conv", "nn.Conv2d(1, 1, 1)");
  BOOST_CHECK_EXCEPTION(tree.add(name, "nn.ReLU()"), Error, test::error_with(ErrorCode::kInvalidConfig, name));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(export_writers)

BOOST_AUTO_TEST_CASE(onnx_files_pass_the_checker) {
  std::string file = onnx_file(small_model());
  BOOST_TEST(test::onnx_problem(file) == "");
  file.replace(file.find("Relu"), 4, "Relx");
  BOOST_TEST(test::onnx_problem(file).find("Relx") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(gates_become_weights_of_batch_norms_or_factors) {
  const std::string file = onnx_file(small_model());
  BOOST_TEST(count(file, "cells.0.a.norm.gated_weight") == 2U);  // as a constant, and where it is read
  BOOST_TEST(count(file, "cells.0.a.gate") == 0U);
  BOOST_TEST(count(file, "cells.0.b.gate") == 2U);
  BOOST_TEST(count(file, "Mul") == 2U);  // of the pixels, and of the ReLU's gate
}

BOOST_AUTO_TEST_CASE(gates_of_outputs_that_others_read_too_stay_factors) {
  ExportedModel model = small_model();
  model.graph.layers[3].inputs = {1};
  const std::string file = onnx_file(model);
  BOOST_TEST(test::onnx_problem(file) == "");
  BOOST_TEST(count(file, "cells.0.a.gate") == 2U);
  BOOST_TEST(count(file, "Mul") == 3U);
}

BOOST_AUTO_TEST_CASE(modules_are_plain_python) {
  const std::string text = python_module(small_model());
  for (const char* line : {"CLASS_NAMES = [\"a\",\"b\",\"\\\"c\\\"\"]",
                           "        self.stem = Parts(\n            conv=nn.Conv2d(1, 4, 3),\n        )",
                           "class Cells0(nn.Module):", "    def forward(self, x0, x1):", "        y = F.relu(x0)",
                           "x1.new_zeros(x1.shape[0], 4, 4, 3)", "self.cells = nn.ModuleList([", " = self.cells[0](",
                           "self.head.linear(y.flatten(1))"})
    BOOST_TEST(count(text, line) == 1U, "'" << line << "' in\n" << text);
}

BOOST_AUTO_TEST_CASE(equal_parts_share_a_class) {
  ExportedModel model = small_model();
  auto& layers = model.graph.layers;
  for (const int64_t unit : {1, 2}) {
    layers.insert(layers.end() - 2, layer(Kind::kRelu, "cells." + std::to_string(unit) + ".a", {5 + unit}));
  }
  layers[9].inputs = {8};
  layers[10].inputs = {9};
  model.graph.logits = 10;
  const std::string text = python_module(model);
  BOOST_TEST(count(text, "class Cells1(nn.Module):") == 1U);
  BOOST_TEST(count(text, "class Cells2") == 0U);
}

BOOST_AUTO_TEST_CASE(layers_that_nobody_reads_are_left_out) {
  ExportedModel model = small_model();
  model.graph.layers[6].inputs = {2, 5};
  const LayerGraph graph = checked_graph(model.graph, model.tensors, 3);
  BOOST_TEST(graph.layers.size() == 7U);
  BOOST_TEST(graph.logits == 6);
  BOOST_TEST(graph.layers[4].inputs == (std::vector<int64_t>{2, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(layers_that_cannot_be_are_refused) {
  check_refused("'stem.conv', has a tensor 'weight' of shape [4, 1, 3, 3], expected [4, 1, 2, 2]",
                [](ExportedModel& model) {
                  model.graph.layers[0].kernel = {2, 2};
                });
  check_refused("has no tensor 'bias'", [](ExportedModel& model) { model.tensors.erase("stem.conv.bias"); });
  check_refused("reads layer 8, which is not before it",
                [](ExportedModel& model) { model.graph.layers[7].inputs = {8}; });
  check_refused("has 2 inputs", [](ExportedModel& model) { model.graph.layers[3].inputs = {0, 0}; });
  check_refused("joins features of 4 x 4 x 3 and 4 x 4 x 4", [](ExportedModel& model) {
    model.graph.layers[5].size = {4, 4};
  });
  check_refused("reads 5 channels, but its input has 4", [](ExportedModel& model) { model.graph.layers[1].in = 5; });
  check_refused("has a window of 9 px", [](ExportedModel& model) {
    model.graph.layers[7].kind = Kind::kMaxPool;
    model.graph.layers[7].kernel = {9, 9};
  });
  check_refused("stride", [](ExportedModel& model) { model.graph.layers[0].stride = {0, 1}; });
  check_refused("0 groups", [](ExportedModel& model) { model.graph.layers[0].groups = 0; });
  check_refused("no name of its own", [](ExportedModel& model) { model.graph.layers[1].name = "stem.conv"; });
  check_refused("kind", [](ExportedModel& model) { model.graph.layers[3].kind = static_cast<Kind>(99); });
  check_refused("none is a linear one with the 3 logits", [](ExportedModel& model) { model.graph.logits = 7; });
  check_refused("none is a linear one", [](ExportedModel& model) { model.graph.logits = 9; });
  for (const char* name : {"a b", "a..b", ".a", "a.", "a\"", "a\n", "\xc3\xa9"})
    check_refused("has a name", [name](ExportedModel& model) { model.graph.layers[3].name = name; });
}

BOOST_AUTO_TEST_CASE(names_that_python_cannot_have_are_refused) {
  for (const char* name : {"class", "block.lambda", "block.train", "image_scale", "block.register_hook",
                           "block.__init__", "0.conv", "block", "block.conv", "block.conv.more"})
    check_name_refused(name);
}

BOOST_AUTO_TEST_CASE(numbered_parts_are_lists_or_dictionaries) {
  ModuleTree tree;
  for (const char* name : {"a.0", "a.1", "b.1", "b.7.conv", "c.d"}) tree.add(name, "nn.ReLU()");
  BOOST_TEST(tree.access("a.1") == "self.a[1]");
  BOOST_TEST(tree.access("b.7.conv") == "self.b[\"7\"].conv");
  BOOST_TEST(tree.access("c.d") == "self.c.d");
  BOOST_TEST(tree.statements(0) ==
             "self.a = nn.ModuleList([\n    nn.ReLU(),\n    nn.ReLU(),\n])\n"
             "self.b = nn.ModuleDict({\n    \"1\": nn.ReLU(),\n    \"7\": Parts(\n        conv=nn.ReLU(),\n    ),\n})\n"
             "self.c = Parts(\n    d=nn.ReLU(),\n)\n");
}

BOOST_AUTO_TEST_CASE(a_format_that_cannot_hold_the_network_is_left_out) {
  const test::TemporaryDirectory folder;
  const std::filesystem::path& path = folder.path();
  ExportedModel model = small_model();
  BOOST_TEST(write_exported_files(path, model).empty());
  for (const char* name : {kOnnxFile, kPythonFile, kReadmeFile}) BOOST_TEST(std::filesystem::exists(path / name), name);
  BOOST_TEST(count(read_file(path / kReadmeFile), "```python") == 2U);
  model.graph.layers[8].name = "class";
  model.tensors["class.weight"] = model.tensors["head.linear.weight"];
  const std::vector<std::string> problems = write_exported_files(path, model);
  BOOST_TEST_REQUIRE(problems.size() == 1U);
  BOOST_TEST(problems[0].find("'class'") != std::string::npos);
  BOOST_TEST(!std::filesystem::exists(path / kPythonFile));
  BOOST_TEST(count(read_file(path / kReadmeFile), "```python") == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha
