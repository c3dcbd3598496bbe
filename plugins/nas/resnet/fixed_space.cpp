#include "fixed_space.hpp"

#include <utility>

#include "dha/nn/layer_graph.hpp"
#include "dha/nn/planned_network.hpp"
#include "plan.hpp"
#include "weights_file.hpp"

namespace dha::resnet {

FixedSpace::FixedSpace(const Params& params, Context& context)
    : context_(context), weights_(params.has("weights") ? params.string("weights") : "") {}

Schema FixedSpace::with_weights(Schema schema) {
  schema
      .path("weights",
            "a safetensors file whose weights, named as in torchvision, the network starts with; one for another "
            "number of classes gives all but the last layer")
      .optional();
  return schema;
}

std::unique_ptr<Network> FixedSpace::lean(const std::string& architecture, const at::TensorOptions& options) {
  validate(architecture);
  auto network =
      std::make_unique<nn::PlannedNetwork>(plan_.value(), nn::PlannedNetwork::Kind::kLean, options, context_);
  if (weights_.empty()) return network;
  const bool has_head = take_weights(weights_, *network, kHead);
  if (!has_head && options.device().type() != at::kMeta)
    context_.log(LogLevel::kInfo, "'" + weights_ + "' is of another number of classes: the last layer, '" +
                                      std::string(kHead) + "', starts from drawn weights");
  return network;
}

Quantities FixedSpace::cost(const std::string& architecture) const {
  validate(architecture);
  return nn::count(plan_.value());
}

LayerGraph FixedSpace::layers(const std::string& architecture) const {
  validate(architecture);
  return nn::layer_graph(plan_.value());
}

void* FixedSpace::capability(std::string_view id) {
  if (id == NetworkLayers::kCapability) return static_cast<NetworkLayers*>(this);
  return id == Replay::kCapability ? always_replayable() : nullptr;
}

}  // namespace dha::resnet
