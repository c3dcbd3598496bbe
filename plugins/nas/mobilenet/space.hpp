// The MobileNet space of ProxylessNAS: 21 inverted residual blocks that choose their kernel and expansion.
//
// A choice is a block, "block0" … "block20"; a decided one keeps one candidate: "mbconv_k3_e3" … "mbconv_k7_e6", or
// "zero", which leaves the shortcut alone, where stride is 1 and the channels stay. Architectures are
// {"block0": ["mbconv_k3_e6@0"], …}.
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

namespace dha::mobilenet {

class MobileNetSpace final : public Space, public NetworkLayers {
 public:
  static Schema schema() { return Settings::schema(); }
  MobileNetSpace(const Params& params, Context& context) : settings_(params), context_(context) {}

  void prepare(const DatasetInfo& info) override;
  const std::vector<Choice>& choices() const override { return choices_; }
  std::unique_ptr<Network> supernet(const at::TensorOptions& options) override;
  std::unique_ptr<Network> lean(const std::string& architecture, const at::TensorOptions& options) override;
  int64_t carry_weights(const Network& from, const Gates& gates, Network& to, CarryMode mode) const override;
  Quantities cost(const std::string& architecture) const override;
  Quantities candidate_cost(int64_t choice, int64_t candidate) const override;
  std::vector<ArchitectureGraph> graphs(const std::string& architecture) const override;
  LayerGraph layers(const std::string& architecture) const override;
  void* capability(std::string_view id) override;

 private:
  Settings settings_;
  Context& context_;
  std::vector<Choice> choices_;
  std::optional<nn::NetworkPlan> plan_;
};

}  // namespace dha::mobilenet
