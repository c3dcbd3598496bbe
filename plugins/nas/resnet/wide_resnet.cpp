#include "wide_resnet.hpp"

#include "dha/error.hpp"
#include "plan.hpp"

namespace dha::resnet {

Schema WideResNet::schema() {
  return with_weights(Schema("A wide ResNet for small images, without a search: WRN-28-10 by default.")
                          .integer("depth", "layers with weights, 6n + 4")
                          .range(10, 124)
                          .def(28)
                          .integer("width", "factor of the channels, which are 16, 32 and 64")
                          .range(1, 32)
                          .def(10));
}

WideResNet::WideResNet(const Params& params, Context& context)
    : FixedSpace(params, context), depth_(params.integer("depth")), width_(params.integer("width")) {
  if (depth_ % 6 != 4)
    throw Error(ErrorCode::kInvalidParameter, "parameter 'depth' of a wide ResNet must be 6n + 4, found " +
                                                  std::to_string(depth_) + "; the nearest is " +
                                                  std::to_string((depth_ - 1) / 6 * 6 + 4));
}

nn::NetworkPlan WideResNet::plan(const DatasetInfo& info) const { return plan_wide_resnet(depth_, width_, info); }

}  // namespace dha::resnet
