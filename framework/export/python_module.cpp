#include "export/python_module.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "export/graph_check.hpp"
#include "export/module_tree.hpp"
#include "pipeline/utf8.hpp"
#include "report/printable.hpp"

namespace dha {

namespace {

using Kind = GraphLayer::Kind;
using Json = nlohmann::ordered_json;

constexpr int kBody = 8;  // spaces before a statement of a method

// Characters that turn text around would show a reader other code than Python runs.
std::string list_literal(const std::vector<std::string>& names) {
  const std::string json = Json(names).dump();
  std::string literal;
  for (std::string_view rest = json; !rest.empty();) {
    const CodePoint point = code_point_at(rest);
    literal +=
        is_bidi_control(point.value) ? fmt::format("\\u{:04x}", point.value) : std::string(rest.substr(0, point.bytes));
    rest.remove_prefix(point.bytes);
  }
  return literal;
}

std::string pair(const std::array<int64_t, 2>& values) {
  return values[0] == values[1] ? std::to_string(values[0]) : fmt::format("({}, {})", values[0], values[1]);
}

// ", name=values" where they are not the default.
std::string option(const char* name, const std::array<int64_t, 2>& values, int64_t normal) {
  return values[0] == normal && values[1] == normal ? "" : fmt::format(", {}={}", name, pair(values));
}

std::string constructor(const GraphLayer& layer) {
  switch (layer.kind) {
    case Kind::kConvolution:
      return fmt::format(
          "nn.Conv2d({}, {}, {}{}{}{}{}{})", layer.in, layer.out, pair(layer.kernel), option("stride", layer.stride, 1),
          option("padding", layer.padding, 0), option("dilation", layer.dilation, 1),
          layer.groups == 1 ? "" : fmt::format(", groups={}", layer.groups), layer.has_bias ? "" : ", bias=False");
    case Kind::kBatchNorm:
      return fmt::format("nn.BatchNorm2d({}{}{})", layer.in,
                         layer.epsilon == 1e-5 ? "" : fmt::format(", eps={}", layer.epsilon),
                         layer.affine ? "" : ", affine=False");
    case Kind::kLinear:
      return fmt::format("nn.Linear({}, {}{})", layer.in, layer.out, layer.has_bias ? "" : ", bias=False");
    default:
      return "torch.ones(())";
  }
}

// The slice of one side: "1:", "::2".
std::string slice(int64_t start, int64_t stride) {
  return fmt::format("{}:{}", start == 0 ? "" : std::to_string(start), stride == 1 ? "" : fmt::format(":{}", stride));
}

std::string padding_of(const GraphLayer& layer) {
  std::string text = fmt::format("{}, {}, {}, {}", layer.before[2], layer.after[2], layer.before[1], layer.after[1]);
  if (layer.before[0] + layer.after[0] > 0) text += fmt::format(", {}, {}", layer.before[0], layer.after[0]);
  return text;
}

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

// `module`: the expression for the layer's own module or buffer.
std::string expression(const GraphLayer& layer, const std::string& module, const std::vector<std::string>& inputs) {
  const std::string& x = inputs.front();
  switch (layer.kind) {
    case Kind::kConvolution:
    case Kind::kBatchNorm:
      return fmt::format("{}({})", module, x);
    case Kind::kLinear:
      return fmt::format("{}({}.flatten(1))", module, x);
    case Kind::kGate:
      return fmt::format("{} * {}", x, module);
    case Kind::kRelu:
      return fmt::format("F.relu({})", x);
    case Kind::kRelu6:
      return fmt::format("F.relu6({})", x);
    case Kind::kMaxPool:
      return fmt::format("F.max_pool2d({}, {}, stride={}, padding={})", x, pair(layer.kernel), pair(layer.stride),
                         pair(layer.padding));
    case Kind::kAveragePool:
      return fmt::format("F.avg_pool2d({}, {}, stride={}, padding={}, count_include_pad=False)", x, pair(layer.kernel),
                         pair(layer.stride), pair(layer.padding));
    case Kind::kGlobalAveragePool:
      return fmt::format("{}.mean((2, 3), keepdim=True)", x);
    case Kind::kAdd:
      return joined(inputs, " + ");
    case Kind::kConcatenate:
      return fmt::format("torch.cat([{}], 1)", joined(inputs, ", "));
    case Kind::kPad:
      return fmt::format("F.pad({}, ({}))", x, padding_of(layer));
    case Kind::kSubsample:
      return fmt::format("{}[:, :, {}, {}]", x, slice(layer.start[0], layer.stride[0]),
                         slice(layer.start[1], layer.stride[1]));
    case Kind::kZeros:
      return fmt::format("{}.new_zeros({}.shape[0], {}, {}, {})", x, x, layer.out, layer.size[0], layer.size[1]);
  }
  return x;
}

// The numbered part of a network that a layer belongs to: "cells.3" of "cells.3.node0.from1.norm"; "" if to none.
std::string unit_of(const GraphLayer& layer) {
  const size_t dot = layer.name.find('.');
  if (dot == std::string::npos) return "";
  const size_t end = std::min(layer.name.find('.', dot + 1), layer.name.size());
  const bool is_numbered =
      std::all_of(layer.name.begin() + static_cast<std::ptrdiff_t>(dot) + 1,
                  layer.name.begin() + static_cast<std::ptrdiff_t>(end), [](char c) { return c >= '0' && c <= '9'; });
  return is_numbered ? layer.name.substr(0, end) : "";
}

// Layers [begin, end), which become a class of their own.
struct Unit {
  std::string name;
  size_t begin = 0, end = 0;
};

// Names of variables by the layer whose output they hold.
using Variables = std::map<int64_t, std::string>;

class ModuleWriting {
 public:
  explicit ModuleWriting(const ExportedModel& model) : model_(model), layers_(model.graph.layers) {
    last_use_.assign(layers_.size(), 0);
    uses_.assign(layers_.size(), 0);
    for (size_t i = 0; i < layers_.size(); ++i)
      for (const int64_t input : layers_[i].inputs)
        if (input != LayerGraph::kImages) {
          ++uses_[static_cast<size_t>(input)];
          last_use_[static_cast<size_t>(input)] = i;
        }
    find_units();
  }

  std::string text() && {
    const std::string network = network_class();
    return fmt::format(
        "\"\"\"The trained network as a module of PyTorch. Needs torch and safetensors only.\n\n"
        "    import model\n"
        "    network = model.load(\"weights.safetensors\")\n"
        "    logits = network(images)  # images: uint8 (N, {0}, {1}, {2}){3}; logits: float (N, {4})\n"
        "\"\"\"\n"
        "import pathlib\n\n"
        "import torch\n"
        "import torch.nn.functional as F\n"
        "from safetensors.torch import load_file\n"
        "from torch import nn\n\n"
        "CLASS_NAMES = {5}\n"
        "MEAN = {6}  # per channel, of pixels in [0, 1]\n"
        "STANDARD_DEVIATION = {7}\n\n\n"
        "class Parts(nn.Module):\n"
        "    \"\"\"Modules and buffers by name, for the names of the weights.\"\"\"\n\n"
        "    def __init__(self, **parts):\n"
        "        super().__init__()\n"
        "        for name, part in parts.items():\n"
        "            if isinstance(part, torch.Tensor):\n"
        "                self.register_buffer(name, part)\n"
        "            else:\n"
        "                self.add_module(name, part)\n\n\n"
        "{8}{9}\n\n"
        "def load(path=pathlib.Path(__file__).with_name(\"weights.safetensors\")):\n"
        "    \"\"\"The network with the weights of a file, for inference.\"\"\"\n"
        "    network = Network()\n"
        "    names = network.state_dict().keys()  # the file may also hold an auxiliary head\n"
        "    network.load_state_dict({{name: tensor for name, tensor in load_file(path).items() if name in names}})\n"
        "    return network.eval()\n",
        model_.graph.channels, model_.graph.height, model_.graph.width, model_.graph.channels == 3 ? ", RGB" : "",
        layers_[static_cast<size_t>(model_.graph.logits)].out, list_literal(model_.info.class_names),
        Json(model_.info.mean).dump(), Json(model_.info.standard_deviation).dump(), classes_, network);
  }

 private:
  // A unit whose layers do not follow each other, or that is itself the name of a layer's weights, gets no class.
  void find_units() {
    std::set<std::string> unfit;
    for (const GraphLayer& layer : layers_)
      if (has_tensors(layer.kind) && layer.kind != Kind::kGate) unfit.insert(layer.name);
    for (size_t i = 0; i < layers_.size();) {
      Unit unit{unit_of(layers_[i]), i, i + 1};
      while (unit.end < layers_.size() && unit_of(layers_[unit.end]) == unit.name) ++unit.end;
      i = unit.end;
      if (unit.name.empty()) continue;
      const bool is_again =
          std::any_of(units_.begin(), units_.end(), [&](const Unit& u) { return u.name == unit.name; });
      if (is_again) unfit.insert(unit.name);
      units_.push_back(std::move(unit));
    }
    std::erase_if(units_, [&](const Unit& unit) { return unfit.count(unit.name) != 0; });
  }

  const Unit* unit_at(size_t begin) const {
    const auto found = std::find_if(units_.begin(), units_.end(), [begin](const Unit& u) { return u.begin == begin; });
    return found == units_.end() ? nullptr : &*found;
  }

  // What the unit reads of others, in the order of its reading.
  std::vector<int64_t> inputs_of(const Unit& unit) const {
    std::vector<int64_t> inputs;
    for (size_t i = unit.begin; i < unit.end; ++i)
      for (const int64_t input : layers_[i].inputs)
        if (input < static_cast<int64_t>(unit.begin) && std::count(inputs.begin(), inputs.end(), input) == 0)
          inputs.push_back(input);
    return inputs;
  }

  // What others read of the unit, or the logits.
  std::vector<int64_t> outputs_of(const Unit& unit) const {
    std::vector<int64_t> outputs;
    for (size_t i = unit.begin; i < unit.end; ++i)
      if (last_use_[i] >= unit.end || static_cast<int64_t>(i) == model_.graph.logits)
        outputs.push_back(static_cast<int64_t>(i));
    return outputs;
  }

  // "y" for a value that only the next statement reads.
  std::string new_variable(size_t layer, int& count) const {
    const bool passes = layer + 1 < layers_.size() && uses_[layer] == 1 && last_use_[layer] == layer + 1;
    return passes ? "y" : fmt::format("s{}", count++);
  }

  std::string path_in(const GraphLayer& layer, const std::string& unit) const {
    const std::string own = unit.empty() ? layer.name : layer.name.substr(std::min(unit.size() + 1, layer.name.size()));
    if (layer.kind != Kind::kGate) return own;
    return own.empty() ? "gate" : own + ".gate";
  }

  void add_module(size_t position, const std::string& unit, ModuleTree& tree) const {
    const GraphLayer& layer = layers_[position];
    if (has_tensors(layer.kind)) tree.add(path_in(layer, unit), constructor(layer), layer.kind == Kind::kGate);
  }

  std::string statement(size_t position, const std::string& variable, const std::string& unit, const ModuleTree& tree,
                        Variables& variables) const {
    const GraphLayer& layer = layers_[position];
    std::vector<std::string> inputs;
    for (const int64_t input : layer.inputs) inputs.push_back(variables.at(input));
    const std::string module = has_tensors(layer.kind) ? tree.access(path_in(layer, unit)) : "";
    variables[static_cast<int64_t>(position)] = variable;
    return fmt::format("{:{}}{} = {}\n", "", kBody, variable, expression(layer, module, inputs));
  }

  // Everything of the class but its name.
  std::string unit_body(const Unit& unit) const {
    ModuleTree tree;
    for (size_t i = unit.begin; i < unit.end; ++i) add_module(i, unit.name, tree);
    const std::vector<int64_t> inputs = inputs_of(unit);
    Variables variables;
    std::vector<std::string> arguments, results;
    for (const int64_t input : inputs) {
      arguments.push_back(inputs.size() == 1 ? "x" : fmt::format("x{}", arguments.size()));
      variables[input] = arguments.back();
    }
    std::string statements;
    int count = 0;
    for (size_t i = unit.begin; i < unit.end; ++i) {
      const std::string variable = i + 1 == unit.end ? "y" : new_variable(i, count);
      statements += statement(i, variable, unit.name, tree, variables);
    }
    for (const int64_t output : outputs_of(unit)) results.push_back(variables.at(output));
    return fmt::format(
        "(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "{}\n"
        "    def forward(self, {}):\n"
        "{}"
        "        return {}\n",
        tree.statements(kBody), joined(arguments, ", "), statements, joined(results, ", "));
  }

  // The name of the unit's class, which units of the same layers share.
  const std::string& unit_class(const Unit& unit) {
    std::string& name = class_names_[unit_body(unit)];
    if (!name.empty()) return name;
    const size_t dot = unit.name.find('.');
    const bool ends_in_digit = dot > 0 && unit.name[dot - 1] >= '0' && unit.name[dot - 1] <= '9';
    name = unit.name.substr(0, dot) + (ends_in_digit ? "_" : "") + unit.name.substr(dot + 1);
    if (name.front() >= 'a' && name.front() <= 'z') name.front() = static_cast<char>(name.front() - 'a' + 'A');
    while (!used_names_.insert(name).second) name += "_";
    classes_ += fmt::format("class {}{}\n\n", name, unit_body(unit));
    return name;
  }

  std::string unit_call(const Unit& unit, const ModuleTree& tree, Variables& variables, int& count) const {
    std::vector<std::string> arguments, results;
    for (const int64_t input : inputs_of(unit)) arguments.push_back(variables.at(input));
    for (const int64_t output : outputs_of(unit)) {
      const bool is_last = output + 1 == static_cast<int64_t>(unit.end);
      results.push_back(is_last ? new_variable(static_cast<size_t>(output), count) : fmt::format("s{}", count++));
      variables[output] = results.back();
    }
    return fmt::format("{:{}}{} = {}({})\n", "", kBody, joined(results, ", "), tree.access(unit.name),
                       joined(arguments, ", "));
  }

  std::string network_class() {
    ModuleTree tree;
    for (size_t i = 0; i < layers_.size(); ++i) {
      const Unit* unit = unit_at(i);
      if (unit == nullptr) {
        add_module(i, "", tree);
        continue;
      }
      tree.add(unit->name, unit_class(*unit) + "()");
      i = unit->end - 1;
    }
    Variables variables{{LayerGraph::kImages, "x"}};
    std::string statements;
    int count = 0;
    for (size_t i = 0; i < layers_.size(); ++i) {
      const Unit* unit = unit_at(i);
      statements += unit == nullptr ? statement(i, new_variable(i, count), "", tree, variables)
                                    : unit_call(*unit, tree, variables, count);
      if (unit != nullptr) i = unit->end - 1;
    }
    return fmt::format(
        "class Network(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        mean, deviation = (torch.tensor(values, dtype=torch.float64).view(1, -1, 1, 1)\n"
        "                           for values in (MEAN, STANDARD_DEVIATION))\n"
        "        self.register_buffer(\"image_scale\", (1 / (255 * deviation)).float(), persistent=False)\n"
        "        self.register_buffer(\"image_offset\", (-mean / deviation).float(), persistent=False)\n"
        "{}\n"
        "    def forward(self, images):\n"
        "        x = images.to(self.image_scale.dtype) * self.image_scale + self.image_offset\n"
        "{}"
        "        return {}\n",
        tree.statements(kBody), statements, variables.at(model_.graph.logits));
  }

  const ExportedModel& model_;
  const std::vector<GraphLayer>& layers_;
  std::vector<int64_t> uses_;     // per layer: how often others read its output
  std::vector<size_t> last_use_;  // per layer: the last that does
  std::vector<Unit> units_;
  std::map<std::string, std::string> class_names_;  // by the class's body
  std::set<std::string> used_names_;
  std::string classes_;
};

}  // namespace

std::string python_module(const ExportedModel& model) { return ModuleWriting(model).text(); }

}  // namespace dha
