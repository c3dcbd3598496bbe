// The base of spaces without choices whose one network has a plan and may start from a file of weights.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dha/context.hpp"
#include "dha/layer_graph.hpp"
#include "dha/nn/network_plan.hpp"
#include "dha/params.hpp"
#include "dha/replay.hpp"
#include "dha/space.hpp"

namespace dha::resnet {

class FixedSpace : public Space, public NetworkLayers {
 public:
  void prepare(const DatasetInfo& info) override { plan_ = plan(info); }

  // Throws Error{kInvalidParameter} if the file of weights cannot be read or belongs to another network.
  std::unique_ptr<Network> lean(const std::string& architecture, const at::TensorOptions& options) override;

  Quantities cost(const std::string& architecture) const override;
  LayerGraph layers(const std::string& architecture) const override;
  void* capability(std::string_view id) override;

 protected:
  FixedSpace(const Params& params, Context& context);

  // Adds the parameter "weights" to a schema.
  static Schema with_weights(Schema schema);

  // Throws Error{kInvalidParameter} if the parameters do not fit the images.
  virtual nn::NetworkPlan plan(const DatasetInfo& info) const = 0;

 private:
  Context& context_;
  std::string weights_;  // path; empty: weights are drawn
  std::optional<nn::NetworkPlan> plan_;
};

}  // namespace dha::resnet
