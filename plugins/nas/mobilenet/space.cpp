#include "space.hpp"

#include "dha/nn/carry_planned.hpp"
#include "dha/nn/layer_graph.hpp"
#include "dha/nn/planned_network.hpp"

namespace dha::mobilenet {

using nn::PlannedNetwork;

void MobileNetSpace::prepare(const DatasetInfo& info) {
  choices_ = make_choices(settings_, is_large(info));
  plan_ = plan_supernet(settings_, info);
}

std::unique_ptr<Network> MobileNetSpace::supernet(const at::TensorOptions& options) {
  return std::make_unique<PlannedNetwork>(plan_.value(), PlannedNetwork::Kind::kSupernet, options, context_);
}

std::unique_ptr<Network> MobileNetSpace::lean(const std::string& architecture, const at::TensorOptions& options) {
  return std::make_unique<PlannedNetwork>(nn::decided(plan_.value(), decisions(architecture)),
                                          PlannedNetwork::Kind::kLean, options, context_);
}

int64_t MobileNetSpace::carry_weights(const Network& from, const Gates& gates, Network& to, CarryMode mode) const {
  return nn::carry_planned(from, gates, to, mode);
}

Quantities MobileNetSpace::cost(const std::string& architecture) const {
  return nn::count(nn::decided(plan_.value(), decisions(architecture)));
}

Quantities MobileNetSpace::candidate_cost(int64_t choice, int64_t candidate) const {
  return nn::count_candidate(plan_.value(), choice, candidate);
}

// A chain of blocks; those that are left out do not appear.
std::vector<ArchitectureGraph> MobileNetSpace::graphs(const std::string& architecture) const {
  const Decisions decided = decisions(architecture);
  ArchitectureGraph graph;
  graph.title = "blocks";
  graph.nodes.push_back({"first", "first", true, false});
  for (size_t i = 0; i < decided.size(); ++i) {
    const std::string& operation = choices_[i].candidates[static_cast<size_t>(decided[i].front())].operation;
    if (operation == "zero") continue;
    graph.edges.push_back({graph.nodes.back().id, choices_[i].name, operation});
    graph.nodes.push_back({choices_[i].name, choices_[i].name, false, false});
  }
  graph.edges.push_back({graph.nodes.back().id, "head", ""});
  graph.nodes.push_back({"head", "head", false, true});
  return {graph};
}

LayerGraph MobileNetSpace::layers(const std::string& architecture) const {
  return nn::layer_graph(nn::decided(plan_.value(), decisions(architecture)));
}

void* MobileNetSpace::capability(std::string_view id) {
  if (id == NetworkLayers::kCapability) return static_cast<NetworkLayers*>(this);
  return id == Replay::kCapability ? always_replayable() : nullptr;
}

}  // namespace dha::mobilenet
