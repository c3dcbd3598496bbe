// The search space of cells (DARTS, ISTA-NAS, DHA): one normal and one reduction cell, stacked.
//
// A choice is a node; its candidates are the (operation, input) pairs, candidate = input * operations + operation; a
// decided node keeps two. Choices are "normal.node0" … "reduce.node3", or "cell0.node0" … where cells share none.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dha/context.hpp"
#include "dha/layer_graph.hpp"
#include "dha/params.hpp"
#include "dha/replay.hpp"
#include "dha/space.hpp"
#include "genotype.hpp"
#include "settings.hpp"

namespace dha::cell {

class CellSpace final : public Space, public NetworkLayers {
 public:
  static Schema schema() { return Settings::schema(); }
  CellSpace(const Params& params, Context& context);

  void prepare(const DatasetInfo& info) override;
  const std::vector<Choice>& choices() const override { return choices_; }
  std::unique_ptr<Network> supernet(const at::TensorOptions& options) override;
  std::unique_ptr<Network> lean(const std::string& architecture, const at::TensorOptions& options) override;
  int64_t carry_weights(const Network& from, const Gates& gates, Network& to, CarryMode mode) const override;
  std::string architecture(const Decisions& decisions) const override;
  Decisions decisions(const std::string& architecture) const override;
  void validate(const std::string& architecture) const override { parse(architecture); }
  std::string sample(at::Generator generator) const override;
  std::string mutate(const std::string& architecture, at::Generator generator) const override;
  Quantities cost(const std::string& architecture) const override;
  Quantities candidate_cost(int64_t choice, int64_t candidate) const override;
  std::vector<ArchitectureGraph> graphs(const std::string& architecture) const override;
  LayerGraph layers(const std::string& architecture) const override;
  void* capability(std::string_view id) override;

 private:
  const DatasetInfo& info() const;
  Genotype parse(const std::string& architecture) const;
  Edge edge_of(int64_t candidate) const;

  // The states that make the output of a decided cell with these edges.
  std::vector<int64_t> output_states(const std::vector<Edge>& edges) const;
  void check_output(const CellGenotype& cell, const std::string& where) const;
  std::vector<int64_t> decide_node(const CellGenotype& cell, int64_t node, const std::string& where) const;
  void check(const Choice& choice, const std::vector<int64_t>& kept) const;
  bool compatible(const Choice& choice, int64_t a, int64_t b) const;

  Settings settings_;
  Context& context_;
  std::vector<Choice> choices_;
  std::optional<DatasetInfo> info_;
};

}  // namespace dha::cell
