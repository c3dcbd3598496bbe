#include "network_layers.hpp"

#include <utility>

#include "dha/nn/layer_graph.hpp"

namespace dha::cell {

namespace {

using nn::GraphBuilder, nn::GraphValue;

// The sum of a node's operations, as CellNetwork::run_node() computes it.
GraphValue add_node(GraphBuilder& builder, const CellPlan& cell, const std::string& name,
                    const std::vector<OperationPlan>& operations, const std::vector<GraphValue>& states,
                    GateWeights gate_weights) {
  std::vector<GraphValue> outputs;
  for (const OperationPlan& operation : operations) {
    if (operation.operation == Operation::kNone) continue;
    const nn::BlockPlan& block = operation.block;
    const GraphValue output = builder.add(block, states[static_cast<size_t>(operation.input)]);
    outputs.push_back(has_gate(operation, gate_weights) ? builder.gated(block.name, output) : output);
  }
  return outputs.empty() ? builder.zeros(name, cell.channels, cell.output_size) : builder.add_up(name, outputs);
}

GraphValue add_cell(GraphBuilder& builder, const CellPlan& cell, const std::string& name, const GraphValue& input0,
                    const GraphValue& input1, GateWeights gate_weights) {
  std::vector<GraphValue> states{builder.add(cell.preprocess0, input0), builder.add(cell.preprocess1, input1)};
  for (size_t j = 0; j < cell.nodes.size(); ++j)
    states.push_back(add_node(builder, cell, name + ".node" + std::to_string(j), cell.nodes[j], states, gate_weights));
  std::vector<GraphValue> parts;
  for (const int64_t state : cell.concat) parts.push_back(states[static_cast<size_t>(state)]);
  return builder.concatenate(name, parts);
}

}  // namespace

LayerGraph network_layers(const NetworkPlan& plan, GateWeights gate_weights) {
  GraphBuilder builder(plan.channels, plan.height, plan.width);
  GraphValue state0 = builder.add(plan.stem0, builder.images());
  GraphValue state1 = plan.stem1 ? builder.add(*plan.stem1, state0) : state0;
  for (size_t i = 0; i < plan.cells.size(); ++i)
    state0 = std::exchange(
        state1, add_cell(builder, plan.cells[i], "cells." + std::to_string(i), state0, state1, gate_weights));
  return std::move(builder).finish(builder.add(plan.classifier, state1));
}

}  // namespace dha::cell
