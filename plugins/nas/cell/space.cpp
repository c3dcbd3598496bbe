#include "space.hpp"

#include <ATen/ops/randint.h>

#include <algorithm>

#include "carry.hpp"
#include "dha/error.hpp"
#include "graph.hpp"
#include "network.hpp"
#include "network_layers.hpp"
#include "plan.hpp"

namespace dha::cell {

namespace {

int64_t draw_below(int64_t bound, const at::Generator& generator) {
  return at::randint(bound, {1}, generator, at::TensorOptions().dtype(at::kLong)).item<int64_t>();
}

std::vector<Choice> make_choices(const Settings& settings) {
  std::vector<std::string> cells{"normal", "reduce"};
  if (!settings.share_cells) {
    cells.clear();
    for (int64_t i = 0; i < settings.cells; ++i) cells.push_back("cell" + std::to_string(i));
  }
  std::vector<Choice> choices;
  for (const std::string& cell : cells)
    for (int64_t j = 0; j < settings.nodes; ++j) {
      Choice choice{cell + ".node" + std::to_string(j), {}, kEdgesPerNode, settings.distinct_inputs};
      for (const Edge& edge : candidates(settings, j)) choice.candidates.push_back({name(edge.operation), edge.input});
      choices.push_back(std::move(choice));
    }
  return choices;
}

const CellNetwork& cell_network(const Network& network) {
  const auto* cell = dynamic_cast<const CellNetwork*>(&network);
  if (cell == nullptr)
    throw Error(ErrorCode::kContractViolation, "weights cannot be carried: a network is not of the cell space");
  return *cell;
}

}  // namespace

CellSpace::CellSpace(const Params& params, Context& context)
    : settings_(params), context_(context), choices_(make_choices(settings_)) {}

void CellSpace::prepare(const DatasetInfo& info) {
  if (info.classes < 1 || info.channels < 1 || info.height < 1 || info.width < 1)
    throw Error(ErrorCode::kContractViolation,
                "the cell space needs the classes, channels, height and width of the images, found " +
                    std::to_string(info.classes) + ", " + std::to_string(info.channels) + ", " +
                    std::to_string(info.height) + ", " + std::to_string(info.width));
  info_ = info;
}

const DatasetInfo& CellSpace::info() const {
  if (!info_) throw Error(ErrorCode::kContractViolation, "the cell space is used before prepare()");
  return *info_;
}

std::unique_ptr<Network> CellSpace::supernet(const at::TensorOptions& options) {
  return std::make_unique<CellNetwork>(plan_supernet(settings_, info()), CellNetwork::Kind::kSupernet, settings_,
                                       options, context_);
}

std::unique_ptr<Network> CellSpace::lean(const std::string& architecture, const at::TensorOptions& options) {
  return std::make_unique<CellNetwork>(plan_lean(settings_, info(), parse(architecture)), CellNetwork::Kind::kLean,
                                       settings_, options, context_);
}

int64_t CellSpace::carry_weights(const Network& from, const Gates& gates, Network& to, CarryMode mode) const {
  cell_network(to);
  return carry(cell_network(from), gates, static_cast<CellNetwork&>(to), mode);
}

Genotype CellSpace::parse(const std::string& architecture) const {
  Genotype genotype = parse_genotype(architecture);
  if (!genotype.shared && static_cast<int64_t>(genotype.cells.size()) != settings_.cells)
    throw Error(ErrorCode::kInvalidParameter, "the architecture's cells are " + std::to_string(genotype.cells.size()) +
                                                  ", but the space has " + std::to_string(settings_.cells) +
                                                  "; give one entry per cell or set the parameter 'cells'");
  return genotype;
}

Edge CellSpace::edge_of(int64_t candidate) const {
  const auto operations = static_cast<int64_t>(settings_.operations.size());
  return {settings_.operations[static_cast<size_t>(candidate % operations)], candidate / operations};
}

std::vector<int64_t> CellSpace::output_states(const std::vector<Edge>& edges) const {
  std::vector<int64_t> inputs;
  if (settings_.concat == Concat::kLooseEnds)
    for (const Edge& edge : edges)
      if (edge.operation != Operation::kNone) inputs.push_back(edge.input);
  return loose_ends(settings_.nodes, inputs);
}

void CellSpace::check_output(const CellGenotype& cell, const std::string& where) const {
  std::vector<int64_t> concat = cell.concat;
  std::sort(concat.begin(), concat.end());
  if (cell.nodes() == settings_.nodes && concat == output_states(cell.edges)) return;
  throw Error(ErrorCode::kInvalidParameter,
              "the architecture's " + where + " cell has " + std::to_string(cell.nodes()) + " nodes of which " +
                  std::to_string(concat.size()) + " make its output, expected " + std::to_string(settings_.nodes) +
                  (settings_.concat == Concat::kAll ? " and all of them" : " and those that no node reads") +
                  "; it is not a decision of this space");
}

bool CellSpace::compatible(const Choice& choice, int64_t a, int64_t b) const {
  if (a == b) return false;
  return !choice.distinct_inputs ||
         choice.candidates[static_cast<size_t>(a)].input != choice.candidates[static_cast<size_t>(b)].input;
}

void CellSpace::check(const Choice& choice, const std::vector<int64_t>& kept) const {
  const std::string where = "the decisions for '" + choice.name + "' ";
  if (static_cast<int64_t>(kept.size()) != choice.keep)
    throw Error(ErrorCode::kInvalidParameter,
                where + "keep " + std::to_string(kept.size()) + " candidates, expected " + std::to_string(choice.keep));
  for (const int64_t candidate : kept)
    if (candidate < 0 || candidate >= static_cast<int64_t>(choice.candidates.size()))
      throw Error(ErrorCode::kInvalidParameter, where + "name candidate " + std::to_string(candidate) +
                                                    ", but there are " + std::to_string(choice.candidates.size()));
  if (!compatible(choice, kept[0], kept[1]))
    throw Error(ErrorCode::kInvalidParameter,
                where + "keep candidates " + std::to_string(kept[0]) + " and " + std::to_string(kept[1]) +
                    (kept[0] == kept[1] ? ", which are the same" : ", which read the same input") +
                    "; keep two that differ" + (kept[0] == kept[1] ? "" : " or set distinct_inputs to false"));
}

std::string CellSpace::architecture(const Decisions& decisions) const {
  if (decisions.size() != choices_.size())
    throw Error(ErrorCode::kInvalidParameter, "there are decisions for " + std::to_string(decisions.size()) +
                                                  " choices, expected " + std::to_string(choices_.size()));
  Genotype genotype;
  genotype.shared = settings_.share_cells;
  for (size_t i = 0; i < choices_.size(); ++i) {
    check(choices_[i], decisions[i]);
    const auto node = static_cast<int64_t>(i) % settings_.nodes;
    if (node == 0) genotype.cells.emplace_back();
    CellGenotype& cell = genotype.cells.back();
    for (const int64_t candidate : decisions[i]) cell.edges.push_back(edge_of(candidate));
    if (node == settings_.nodes - 1) cell.concat = output_states(cell.edges);
  }
  return print_genotype(genotype);
}

std::vector<int64_t> CellSpace::decide_node(const CellGenotype& cell, int64_t node, const std::string& where) const {
  std::vector<int64_t> kept;
  const auto& operations = settings_.operations;
  for (int64_t e = node * kEdgesPerNode; e < (node + 1) * kEdgesPerNode; ++e) {
    const Edge& edge = cell.edges[static_cast<size_t>(e)];
    const auto found = std::find(operations.begin(), operations.end(), edge.operation);
    if (found == operations.end())
      throw Error(ErrorCode::kInvalidParameter, "the architecture's " + where + " uses '" + name(edge.operation) +
                                                    "', which is not among the space's operations; add it to the "
                                                    "parameter 'operations'");
    kept.push_back(edge.input * static_cast<int64_t>(operations.size()) + (found - operations.begin()));
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

Decisions CellSpace::decisions(const std::string& architecture) const {
  const Genotype genotype = parse(architecture);
  if (settings_.share_cells && !genotype.shared)
    throw Error(
        ErrorCode::kInvalidParameter,
        "the architecture lists every cell, but the space shares choices among cells; set share_cells to false");
  Decisions decisions;
  for (size_t i = 0; i < choices_.size(); i += static_cast<size_t>(settings_.nodes)) {
    const auto index = static_cast<int64_t>(i) / settings_.nodes;
    const CellGenotype& cell = settings_.share_cells ? genotype.cells[static_cast<size_t>(index)]
                                                     : genotype.cell(index, settings_.is_reduction(index));
    const std::string where = choices_[i].name.substr(0, choices_[i].name.find('.'));
    check_output(cell, where);
    for (int64_t j = 0; j < settings_.nodes; ++j) {
      decisions.push_back(decide_node(cell, j, where + " cell"));
      check(choices_[decisions.size() - 1], decisions.back());
    }
  }
  return decisions;
}

std::string CellSpace::sample(at::Generator generator) const {
  Decisions decisions;
  for (const Choice& choice : choices_) {
    std::vector<std::pair<int64_t, int64_t>> pairs;
    const auto size = static_cast<int64_t>(choice.candidates.size());
    for (int64_t a = 0; a < size; ++a)
      for (int64_t b = a + 1; b < size; ++b)
        if (compatible(choice, a, b)) pairs.emplace_back(a, b);
    const auto [a, b] = pairs[static_cast<size_t>(draw_below(static_cast<int64_t>(pairs.size()), generator))];
    decisions.push_back({a, b});
  }
  return architecture(decisions);
}

std::string CellSpace::mutate(const std::string& architecture, at::Generator generator) const {
  Decisions from = decisions(architecture);
  struct Neighbour {
    size_t choice, slot;
    int64_t candidate;
  };
  std::vector<Neighbour> neighbours;
  for (size_t i = 0; i < choices_.size(); ++i)
    for (size_t slot = 0; slot < from[i].size(); ++slot)
      for (int64_t k = 0; k < static_cast<int64_t>(choices_[i].candidates.size()); ++k)
        if (k != from[i][slot] && compatible(choices_[i], k, from[i][1 - slot])) neighbours.push_back({i, slot, k});
  if (neighbours.empty())
    throw Error(ErrorCode::kInvalidParameter,
                "the cell space has a single architecture, so none differs from it; add operations or nodes");
  const Neighbour& chosen =
      neighbours[static_cast<size_t>(draw_below(static_cast<int64_t>(neighbours.size()), generator))];
  from[chosen.choice][chosen.slot] = chosen.candidate;
  std::sort(from[chosen.choice].begin(), from[chosen.choice].end());
  return this->architecture(from);
}

Quantities CellSpace::cost(const std::string& architecture) const {
  return count(plan_lean(settings_, info(), parse(architecture)));
}

Quantities CellSpace::candidate_cost(int64_t choice, int64_t candidate) const {
  Settings decided = settings_;
  decided.candidate_affine = CandidateAffine::kTrained;  // as in a lean network
  return count_candidate(plan_supernet(decided, info()), settings_.share_cells, choice, candidate);
}

std::vector<ArchitectureGraph> CellSpace::graphs(const std::string& architecture) const {
  return draw(parse(architecture));
}

LayerGraph CellSpace::layers(const std::string& architecture) const {
  return network_layers(plan_lean(settings_, info(), parse(architecture)), settings_.gate_weights);
}

// The rate of skip_dropout is a number of the host that differs from epoch to epoch.
void* CellSpace::capability(std::string_view id) {
  if (id == NetworkLayers::kCapability) return static_cast<NetworkLayers*>(this);
  return id == Replay::kCapability && settings_.skip_dropout.initial_rate == 0 ? always_replayable() : nullptr;
}

}  // namespace dha::cell
