// ResNets as spaces without choices: those of torchvision with 18, 34 and 50 layers, and those of 6n + 2 for CIFAR.
#pragma once

#include "fixed_space.hpp"

namespace dha::resnet {

class ResNet final : public FixedSpace {
 public:
  static Schema schema();

  // Throws Error{kInvalidParameter} if the depth has no such stem.
  ResNet(const Params& params, Context& context);

 private:
  nn::NetworkPlan plan(const DatasetInfo& info) const override;

  int64_t depth_;
  std::string stem_;
};

}  // namespace dha::resnet
