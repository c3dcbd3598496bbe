#include "dha/nn/layer_graph.hpp"

#include <optional>
#include <utility>

#include "dha/nn/cost.hpp"

namespace dha::nn {

namespace {

using Kind = Layer::Kind;
using Written = GraphLayer::Kind;

Written written_kind(Kind kind) {
  switch (kind) {
    case Kind::kRelu:
      return Written::kRelu;
    case Kind::kRelu6:
      return Written::kRelu6;
    case Kind::kConvolution:
    case Kind::kFactorizedReduce:
      return Written::kConvolution;
    case Kind::kBatchNorm:
      return Written::kBatchNorm;
    case Kind::kMaxPool:
      return Written::kMaxPool;
    case Kind::kAveragePool:
      return Written::kAveragePool;
    case Kind::kGlobalAveragePool:
      return Written::kGlobalAveragePool;
    case Kind::kWiden:
      return Written::kSubsample;
    case Kind::kLinear:
      return Written::kLinear;
  }
  return Written::kRelu;
}

GraphLayer written(const Layer& layer, std::string name) {
  GraphLayer result;
  result.kind = written_kind(layer.kind);
  result.name = std::move(name);
  result.in = layer.in;
  result.out = layer.out;
  result.kernel = layer.kernel;
  result.stride = layer.stride;
  result.padding = layer.padding;
  result.dilation = {layer.dilation, layer.dilation};
  result.groups = layer.groups;
  result.has_bias = layer.kind == Kind::kLinear;
  result.affine = layer.affine;
  result.epsilon = layer.epsilon;
  return result;
}

GraphLayer plain(Written kind, const std::string& name) {
  GraphLayer layer;
  layer.kind = kind;
  layer.name = name;
  return layer;
}

std::string joined(const std::string& block, const std::string& layer) {
  return block + (block.empty() || layer.empty() ? "" : ".") + layer;
}

// What the steps of a plan have led to so far.
struct Features {
  std::vector<GraphValue> parts;
  std::string name;                 // of the first block into them
  std::optional<GraphValue> value;  // of all parts, once a step reads it
  int64_t first_from = 0;           // what the first step into them reads
  bool has_steps = false;
};

// Walks through a plan as PlannedNetwork::forward() does.
class PlanWalk {
 public:
  explicit PlanWalk(const NetworkPlan& plan)
      : plan_(plan), builder_(plan.channels, plan.height, plan.width), features_(static_cast<size_t>(plan.features())) {
    features_[0].value = builder_.images();
  }

  LayerGraph graph() && {
    for (const StepPlan& step : plan_.steps) add(step);
    const GraphValue logits = value(plan_.features() - 1);
    return std::move(builder_).finish(logits);
  }

 private:
  void add(const StepPlan& step) {
    const GraphValue input = value(step.from);
    Features& to = features_[static_cast<size_t>(step.to)];
    if (!to.has_steps) to.first_from = step.from;
    to.has_steps = true;
    for (const OperationPlan& operation : step.operations) {
      if (to.name.empty()) to.name = operation.block.name;
      if (operation.is_zero) continue;
      const GraphValue output = builder_.add(operation.block, input);
      to.parts.push_back(step.choice == kNoChoice ? output : builder_.gated(operation.block.name, output));
    }
  }

  GraphValue value(int64_t index) {
    Features& features = features_[static_cast<size_t>(index)];
    if (!features.value) {
      const GraphValue like = features.parts.empty() ? value(features.first_from) : features.parts.front();
      features.value = features.parts.empty() ? builder_.zeros(features.name, like.channels, like.size)
                                              : builder_.add_up(features.name, features.parts);
    }
    return *features.value;
  }

  const NetworkPlan& plan_;
  GraphBuilder builder_;
  std::vector<Features> features_;
};

}  // namespace

GraphBuilder::GraphBuilder(int64_t channels, int64_t height, int64_t width) {
  graph_.channels = channels;
  graph_.height = height;
  graph_.width = width;
}

GraphValue GraphBuilder::append(GraphLayer layer, const GraphValue& input, int64_t channels, Pair size) {
  if (layer.inputs.empty()) layer.inputs = {input.layer};
  graph_.layers.push_back(std::move(layer));
  return {static_cast<int64_t>(graph_.layers.size()) - 1, channels, size};
}

GraphValue GraphBuilder::add(const BlockPlan& block, const GraphValue& input) {
  GraphValue x = input;
  for (const Layer& layer : block.layers) {
    const std::string name = joined(block.name, layer.name);
    if (layer.kind == Kind::kFactorizedReduce)
      x = add_factorized_reduce(layer, name, x);
    else if (layer.kind == Kind::kWiden)
      x = add_widening(layer, name, x);
    else
      x = add_layer(layer, name, x);
  }
  return x;
}

GraphValue GraphBuilder::add_layer(const Layer& layer, const std::string& name, const GraphValue& input) {
  const bool keeps_channels = layer.kind != Kind::kConvolution && layer.kind != Kind::kLinear;
  const Pair size = layer.kind == Kind::kLinear ? Pair{1, 1} : size_after(layer, input.size);
  return append(written(layer, name), input, keeps_channels ? input.channels : layer.out, size);
}

// An odd side is extended by zeros before the shift, so that both halves have the same size
// (ops::factorized_reduction).
GraphValue GraphBuilder::add_factorized_reduce(const Layer& layer, const std::string& name, const GraphValue& input) {
  const Pair size = size_after(layer, input.size);
  GraphLayer even = written(layer, name + "1"), odd = written(layer, name + "2");
  even.out = layer.out / 2;
  odd.out = layer.out - even.out;
  const GraphValue first = append(even, input, even.out, size);
  GraphValue shifted = input;
  const int64_t rows = input.size[0] % 2, columns = input.size[1] % 2;
  if (rows + columns > 0) {
    GraphLayer pad = plain(Written::kPad, name);
    pad.after = {0, rows, columns};
    shifted = append(pad, shifted, input.channels, {input.size[0] + rows, input.size[1] + columns});
  }
  GraphLayer shift = plain(Written::kSubsample, name);
  shift.start = {1, 1};
  shifted = append(shift, shifted, input.channels, {shifted.size[0] - 1, shifted.size[1] - 1});
  return concatenate(name, {first, append(odd, shifted, odd.out, size)});
}

GraphValue GraphBuilder::add_widening(const Layer& layer, const std::string& name, const GraphValue& input) {
  GraphValue x = input;
  if (layer.stride != Pair{1, 1}) {
    GraphLayer pixels = plain(Written::kSubsample, name);
    pixels.stride = layer.stride;
    x = append(pixels, x, layer.in, size_after(layer, input.size));
  }
  if (layer.out == layer.in) return x;
  GraphLayer pad = plain(Written::kPad, name);
  pad.before = pad.after = {(layer.out - layer.in) / 2, 0, 0};
  return append(pad, x, layer.out, x.size);
}

GraphValue GraphBuilder::gated(const std::string& block, const GraphValue& input) {
  return append(plain(Written::kGate, block), input, input.channels, input.size);
}

GraphValue GraphBuilder::add_up(const std::string& name, const std::vector<GraphValue>& values) {
  if (values.size() == 1) return values.front();
  GraphLayer layer = plain(Written::kAdd, name);
  for (const GraphValue& value : values) layer.inputs.push_back(value.layer);
  return append(layer, values.front(), values.front().channels, values.front().size);
}

GraphValue GraphBuilder::concatenate(const std::string& name, const std::vector<GraphValue>& values) {
  if (values.size() == 1) return values.front();
  GraphLayer layer = plain(Written::kConcatenate, name);
  int64_t channels = 0;
  for (const GraphValue& value : values) {
    layer.inputs.push_back(value.layer);
    channels += value.channels;
  }
  return append(layer, values.front(), channels, values.front().size);
}

GraphValue GraphBuilder::zeros(const std::string& name, int64_t channels, Pair size) {
  GraphLayer layer = plain(Written::kZeros, name);
  layer.out = channels;
  layer.size = size;
  return append(layer, images(), channels, size);
}

LayerGraph GraphBuilder::finish(const GraphValue& logits) && {
  graph_.logits = logits.layer;
  return std::move(graph_);
}

LayerGraph layer_graph(const NetworkPlan& plan) { return PlanWalk(plan).graph(); }

}  // namespace dha::nn
