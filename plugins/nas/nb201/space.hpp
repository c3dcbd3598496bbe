// The search space of NAS-Bench-201: one cell of four nodes, used everywhere, with an operation on each of its six
// edges.
//
// A choice is an edge, "cell.node1.from0" … "cell.node3.from2"; its candidates are the benchmark's five operations, of
// which a decided edge keeps one, `none` included.
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
#include "plan.hpp"

namespace dha::nb201 {

class Nb201Space final : public Space, public NetworkLayers {
 public:
  static Schema schema();
  Nb201Space(const Params& params, Context& context);

  void prepare(const DatasetInfo& info) override;
  const std::vector<Choice>& choices() const override { return choices_; }
  std::unique_ptr<Network> supernet(const at::TensorOptions& options) override;
  std::unique_ptr<Network> lean(const std::string& architecture, const at::TensorOptions& options) override;
  int64_t carry_weights(const Network& from, const Gates& gates, Network& to, CarryMode mode) const override;
  std::string architecture(const Decisions& decisions) const override;
  Decisions decisions(const std::string& architecture) const override;
  Quantities cost(const std::string& architecture) const override;
  Quantities candidate_cost(int64_t choice, int64_t candidate) const override;
  std::vector<ArchitectureGraph> graphs(const std::string& architecture) const override;
  LayerGraph layers(const std::string& architecture) const override;
  void* capability(std::string_view id) override;

 private:
  PlanSettings settings_;
  bool waits_for_decisions_;
  Context& context_;
  std::vector<Choice> choices_;
  std::optional<nn::NetworkPlan> supernet_, trained_;  // trained: with affine weights everywhere, as in a lean network
};

}  // namespace dha::nb201
