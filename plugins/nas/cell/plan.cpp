#include "plan.hpp"

#include <algorithm>
#include <functional>

#include "dha/nn/cost.hpp"
#include "layers.hpp"

namespace dha::cell {

namespace {

using nn::BlockPlan, nn::Pair;

// Images with sides from here on get the stem that scales by 8.
constexpr int64_t kLargeImage = 128;
constexpr int64_t kCifarStemMultiple = 3;

// Operations of the nodes and what the cell's output consists of.
struct CellContent {
  std::vector<std::vector<Edge>> nodes;
  std::vector<int64_t> concat;
};

using ContentOf = std::function<CellContent(int64_t cell, bool reduction)>;

// Where the walk through the cells stands: channels and sizes of the two states.
struct Walk {
  int64_t channels0 = 0, channels1 = 0;
  Pair size0{}, size1{};
  bool reduced_before = false;
};

Walk plan_stem(const Settings& settings, const DatasetInfo& info, NetworkPlan& plan) {
  const Pair image{info.height, info.width};
  const bool large = settings.stem == Stem::kImageNet ||
                     (settings.stem == Stem::kAuto && std::min(info.height, info.width) >= kLargeImage);
  if (!large) {
    const int64_t channels = kCifarStemMultiple * settings.channels;
    plan.stem0 = {"stem", cifar_stem_layers(info.channels, channels)};
    return {channels, channels, image, image, false};
  }
  plan.stem0 = {"stem0", imagenet_stem0_layers(info.channels, settings.channels)};
  plan.stem1 = BlockPlan{"stem1", imagenet_stem1_layers(settings.channels)};
  const Pair size0 = nn::size_after(plan.stem0.layers, image);
  return {settings.channels, settings.channels, size0, nn::size_after(plan.stem1->layers, size0), true};
}

// The name of an edge's block. A genotype may hold the same pair twice in a node; the later one is marked.
std::string block_name(const std::string& node, const std::vector<Edge>& edges, size_t index) {
  const Edge& edge = edges[index];
  const auto before = std::count(edges.begin(), edges.begin() + static_cast<std::ptrdiff_t>(index), edge);
  return node + ".from" + std::to_string(edge.input) + "." + name(edge.operation) +
         (before == 0 ? "" : "_" + std::to_string(before + 1));
}

std::vector<OperationPlan> plan_node(const Settings& settings, const std::string& node_name,
                                     const std::vector<Edge>& edges, const CellPlan& cell, bool affine) {
  std::vector<OperationPlan> operations;
  for (size_t i = 0; i < edges.size(); ++i) {
    const int64_t stride = cell.reduction && edges[i].input < 2 ? 2 : 1;
    operations.push_back({edges[i].operation,
                          edges[i].input,
                          {block_name(node_name, edges, i),
                           operation_layers(edges[i].operation, cell.channels, stride, settings.extra_norm, affine)}});
  }
  return operations;
}

CellPlan plan_cell(const Settings& settings, const CellContent& content, int64_t index, bool reduction,
                   int64_t channels, const Walk& walk, bool affine) {
  const std::string prefix = "cells." + std::to_string(index);
  CellPlan cell;
  cell.reduction = reduction;
  cell.channels = channels;
  cell.size0 = walk.size0;
  cell.size1 = walk.size1;
  cell.input_size = walk.size1;
  cell.output_size = walk.size1;
  if (reduction)
    for (int64_t& side : cell.output_size) side = (side + 1) / 2;
  cell.preprocess0 = {prefix + ".preprocess0",
                      preprocess_layers(walk.channels0, channels, walk.reduced_before, affine)};
  cell.preprocess1 = {prefix + ".preprocess1", preprocess_layers(walk.channels1, channels, false, affine)};
  for (size_t j = 0; j < content.nodes.size(); ++j)
    cell.nodes.push_back(plan_node(settings, prefix + ".node" + std::to_string(j), content.nodes[j], cell, affine));
  cell.concat = content.concat;
  return cell;
}

NetworkPlan plan_network(const Settings& settings, const DatasetInfo& info, const ContentOf& content, bool affine) {
  NetworkPlan plan;
  plan.channels = info.channels;
  plan.height = info.height;
  plan.width = info.width;
  Walk walk = plan_stem(settings, info, plan);
  plan.auxiliary_cell = settings.auxiliary_cell();
  int64_t channels = settings.channels;
  for (int64_t i = 0; i < settings.cells; ++i) {
    const bool reduction = settings.is_reduction(i);
    if (reduction) channels *= 2;
    plan.cells.push_back(plan_cell(settings, content(i, reduction), i, reduction, channels, walk, affine));
    const CellPlan& cell = plan.cells.back();
    walk = {walk.channels1, channels * static_cast<int64_t>(cell.concat.size()), walk.size1, cell.output_size,
            reduction};
    if (i == plan.auxiliary_cell && settings.auxiliary_weight > 0)
      plan.auxiliary = BlockPlan{
          "auxiliary", auxiliary_layers(walk.channels1, walk.size1, settings.auxiliary_batch_norm, info.classes)};
  }
  plan.classifier = {"classifier", classifier_layers(walk.channels1, info.classes)};
  return plan;
}

}  // namespace

std::vector<Edge> candidates(const Settings& settings, int64_t node) {
  std::vector<Edge> edges;
  for (int64_t input = 0; input < node + 2; ++input)
    for (const Operation operation : settings.operations) edges.push_back({operation, input});
  return edges;
}

NetworkPlan plan_supernet(const Settings& settings, const DatasetInfo& info) {
  CellContent content;
  for (int64_t j = 0; j < settings.nodes; ++j) {
    content.nodes.push_back(candidates(settings, j));
    content.concat.push_back(j + 2);
  }
  const auto content_of = [&](int64_t, bool) { return content; };
  return plan_network(settings, info, content_of, settings.candidate_affine != CandidateAffine::kNone);
}

NetworkPlan plan_lean(const Settings& settings, const DatasetInfo& info, const Genotype& genotype) {
  const auto content_of = [&](int64_t index, bool reduction) {
    const CellGenotype& cell = genotype.cell(index, reduction);
    CellContent content;
    for (size_t i = 0; i < cell.edges.size(); i += kEdgesPerNode)
      content.nodes.emplace_back(cell.edges.begin() + static_cast<std::ptrdiff_t>(i),
                                 cell.edges.begin() + static_cast<std::ptrdiff_t>(i + kEdgesPerNode));
    content.concat = cell.concat;
    return content;
  };
  return plan_network(settings, info, content_of, true);
}

bool has_gate(const OperationPlan& operation, GateWeights gate_weights) {
  return gate_weights == GateWeights::kKeep || !operation.block.ends_in_batch_norm();
}

int64_t choice_of(const NetworkPlan& plan, bool shares_cells, int64_t cell, int64_t node) {
  const CellPlan& content = plan.cells[static_cast<size_t>(cell)];
  const auto nodes = static_cast<int64_t>(content.nodes.size());
  return (shares_cells ? (content.reduction ? nodes : 0) : cell * nodes) + node;
}

Quantities count(const NetworkPlan& plan) {
  nn::CostCounter counter;
  const nn::Pair after_stem0 = counter.add(plan.stem0.layers, {plan.height, plan.width});
  if (plan.stem1) counter.add(plan.stem1->layers, after_stem0);
  for (const CellPlan& cell : plan.cells) {
    counter.add(cell.preprocess0.layers, cell.size0);
    counter.add(cell.preprocess1.layers, cell.size1);
    for (const auto& node : cell.nodes)
      for (const OperationPlan& operation : node)
        counter.add(operation.block.layers, operation.input < 2 ? cell.input_size : cell.output_size);
  }
  counter.add(plan.classifier.layers, plan.cells.back().output_size);
  Quantities costs = counter.quantities();
  const int64_t auxiliary = plan.auxiliary ? nn::parameters(plan.auxiliary->layers) : 0;
  costs.set(quantity::kAuxiliaryParameters, static_cast<double>(auxiliary));
  return costs;
}

Quantities count_candidate(const NetworkPlan& plan, bool shares_cells, int64_t choice, int64_t candidate) {
  nn::CostCounter counter;
  for (size_t i = 0; i < plan.cells.size(); ++i)
    for (size_t j = 0; j < plan.cells[i].nodes.size(); ++j) {
      if (choice_of(plan, shares_cells, static_cast<int64_t>(i), static_cast<int64_t>(j)) != choice) continue;
      const CellPlan& cell = plan.cells[i];
      const OperationPlan& operation = cell.nodes[j].at(static_cast<size_t>(candidate));
      counter.add(operation.block.layers, operation.input < 2 ? cell.input_size : cell.output_size);
    }
  return counter.quantities();
}

}  // namespace dha::cell
