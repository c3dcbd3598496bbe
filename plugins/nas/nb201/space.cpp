#include "space.hpp"

#include "dha/error.hpp"
#include "dha/nn/carry_planned.hpp"
#include "dha/nn/layer_graph.hpp"
#include "dha/nn/planned_network.hpp"
#include "notation.hpp"

namespace dha::nb201 {

namespace {

using nn::PlannedNetwork;

std::vector<Choice> make_choices() {
  std::vector<Choice> choices;
  for (const Edge& edge : kEdges) {
    Choice choice{"cell.node" + std::to_string(edge.to) + ".from" + std::to_string(edge.from), {}, 1, false};
    for (const std::string& operation : operation_names()) choice.candidates.push_back({operation, 0});
    choices.push_back(std::move(choice));
  }
  return choices;
}

}  // namespace

Schema Nb201Space::schema() {
  return Schema("Cells of NAS-Bench-201: six edges with one of five operations each, one cell for the whole network.")
      .integer("channels", "channels of the first stage; they double in the second and the third")
      .range(1, 1024)
      .def(16)
      .integer("cells", "cells per stage")
      .range(1, 100)
      .def(5)
      .boolean("extra_batch_norm",
               "batch norm after pools and skips, so that gates weigh operations of one scale; the benchmark has none")
      .def(false)
      .choice("candidate_affine", "affine weights of the supernet's candidates; a lean network always trains them",
              {"frozen_until_decided", "trained", "none"})
      .def("frozen_until_decided");
}

Nb201Space::Nb201Space(const Params& params, Context& context)
    : waits_for_decisions_(params.string("candidate_affine") == "frozen_until_decided"),
      context_(context),
      choices_(make_choices()) {
  settings_.channels = params.integer("channels");
  settings_.cells = params.integer("cells");
  settings_.affine = params.string("candidate_affine") != "none";
  settings_.extra_batch_norm = params.boolean("extra_batch_norm");
}

void Nb201Space::prepare(const DatasetInfo& info) {
  supernet_ = plan_supernet(settings_, info);
  supernet_->waits_for_decisions = waits_for_decisions_;
  PlanSettings trained = settings_;
  trained.affine = true;
  trained_ = plan_supernet(trained, info);
}

std::unique_ptr<Network> Nb201Space::supernet(const at::TensorOptions& options) {
  return std::make_unique<PlannedNetwork>(supernet_.value(), PlannedNetwork::Kind::kSupernet, options, context_);
}

std::unique_ptr<Network> Nb201Space::lean(const std::string& architecture, const at::TensorOptions& options) {
  return std::make_unique<PlannedNetwork>(nn::decided(trained_.value(), decisions(architecture)),
                                          PlannedNetwork::Kind::kLean, options, context_);
}

int64_t Nb201Space::carry_weights(const Network& from, const Gates& gates, Network& to, CarryMode mode) const {
  return nn::carry_planned(from, gates, to, mode);
}

std::string Nb201Space::architecture(const Decisions& decisions) const {
  Space::architecture(decisions);  // refuses what is no decision of the choices
  Cell cell{};
  for (size_t i = 0; i < cell.size(); ++i) cell[i] = static_cast<Operation>(decisions[i].front());
  return print_architecture(cell);
}

Decisions Nb201Space::decisions(const std::string& architecture) const {
  Decisions decisions;
  for (const Operation operation : parse_architecture(architecture))
    decisions.push_back({static_cast<int64_t>(operation)});
  return decisions;
}

Quantities Nb201Space::cost(const std::string& architecture) const {
  return nn::count(nn::decided(trained_.value(), decisions(architecture)));
}

Quantities Nb201Space::candidate_cost(int64_t choice, int64_t candidate) const {
  return nn::count_candidate(trained_.value(), choice, candidate);
}

// Node 0 is the input, node 3 the output; edges with `none` are left out.
std::vector<ArchitectureGraph> Nb201Space::graphs(const std::string& architecture) const {
  const Cell cell = parse_architecture(architecture);
  ArchitectureGraph graph;
  graph.title = "cell";
  for (int64_t i = 0; i < kNodes; ++i) {
    const std::string id = std::to_string(i);
    graph.nodes.push_back({id, id, i == 0, i == kNodes - 1});
  }
  for (size_t i = 0; i < kEdges.size(); ++i)
    if (cell[i] != Operation::kNone)
      graph.edges.push_back({std::to_string(kEdges[i].from), std::to_string(kEdges[i].to), name(cell[i])});
  return {graph};
}

LayerGraph Nb201Space::layers(const std::string& architecture) const {
  return nn::layer_graph(nn::decided(trained_.value(), decisions(architecture)));
}

void* Nb201Space::capability(std::string_view id) {
  if (id == NetworkLayers::kCapability) return static_cast<NetworkLayers*>(this);
  return id == Replay::kCapability ? always_replayable() : nullptr;
}

}  // namespace dha::nb201
