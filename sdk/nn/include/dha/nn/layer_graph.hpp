// Describes networks made of blocks as a LayerGraph, for NetworkLayers::layers().
//
//   nn::GraphBuilder builder(plan.channels, plan.height, plan.width);
//   nn::GraphValue x = builder.add(stem, builder.images());
//   x = builder.add_up("cell", {builder.gated(convolution.name, builder.add(convolution, x)), x});
//   return std::move(builder).finish(builder.add(classifier, x));
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dha/layer_graph.hpp"
#include "dha/nn/layer.hpp"
#include "dha/nn/network_plan.hpp"

namespace dha::nn {

// The output of a layer: (N, channels, size).
struct GraphValue {
  int64_t layer = LayerGraph::kImages;
  int64_t channels = 0;
  Pair size{};  // px
};

class GraphBuilder {
 public:
  GraphBuilder(int64_t channels, int64_t height, int64_t width);

  GraphValue images() const { return {LayerGraph::kImages, graph_.channels, {graph_.height, graph_.width}}; }

  // The layers of a block under the names of its weights; a block without layers adds none.
  GraphValue add(const BlockPlan& block, const GraphValue& input);

  // Times the buffer "<block>.gate".
  GraphValue gated(const std::string& block, const GraphValue& input);

  // `name`: says where the layer is; it has no weights. One value is returned as it is.
  GraphValue add_up(const std::string& name, const std::vector<GraphValue>& values);
  GraphValue concatenate(const std::string& name, const std::vector<GraphValue>& values);

  // As many as there are images.
  GraphValue zeros(const std::string& name, int64_t channels, Pair size);

  LayerGraph finish(const GraphValue& logits) &&;

 private:
  GraphValue append(GraphLayer layer, const GraphValue& input, int64_t channels, Pair size);
  GraphValue add_layer(const Layer& layer, const std::string& name, const GraphValue& input);
  GraphValue add_factorized_reduce(const Layer& layer, const std::string& name, const GraphValue& input);
  GraphValue add_widening(const Layer& layer, const std::string& name, const GraphValue& input);

  LayerGraph graph_;
};

// Of a lean PlannedNetwork: `plan` is decided.
LayerGraph layer_graph(const NetworkPlan& plan);

}  // namespace dha::nn
