// Wide ResNets for small images as spaces without choices.
#pragma once

#include "fixed_space.hpp"

namespace dha::resnet {

class WideResNet final : public FixedSpace {
 public:
  static Schema schema();

  // Throws Error{kInvalidParameter} if the depth is not 6n + 4.
  WideResNet(const Params& params, Context& context);

 private:
  nn::NetworkPlan plan(const DatasetInfo& info) const override;

  int64_t depth_, width_;
};

}  // namespace dha::resnet
