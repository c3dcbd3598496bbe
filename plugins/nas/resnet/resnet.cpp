#include "resnet.hpp"

#include <algorithm>

#include "dha/error.hpp"
#include "plan.hpp"

namespace dha::resnet {

namespace {

constexpr int64_t kLargeImage = 128;

bool is_cifar_depth(int64_t depth) { return depth != 18 && depth != 34 && depth != 50; }

}  // namespace

Schema ResNet::schema() {
  return with_weights(
      Schema("A ResNet, without a search: the networks of torchvision, or those for CIFAR with 6n + 2 layers.")
          .integer("depth", "layers with weights; 18, 34, 50: torchvision's; others: 16, 32 and 64 channels, for CIFAR")
          .one_of({18, 20, 32, 34, 44, 50, 56, 110})
          .def(18)
          .choice("stem",
                  "of depths 18, 34 and 50; imagenet: 7x7 convolution and max pool, which scale by 4; cifar: one 3x3 "
                  "convolution; auto: imagenet for sides of 128 px and more",
                  {"auto", "imagenet", "cifar"})
          .def("auto"));
}

ResNet::ResNet(const Params& params, Context& context)
    : FixedSpace(params, context), depth_(params.integer("depth")), stem_(params.string("stem")) {
  if (is_cifar_depth(depth_) && stem_ == "imagenet")
    throw Error(ErrorCode::kInvalidParameter, "a ResNet of depth " + std::to_string(depth_) +
                                                  " has no stem 'imagenet'; set 'depth' to 18, 34 or 50 or leave "
                                                  "'stem' out");
}

nn::NetworkPlan ResNet::plan(const DatasetInfo& info) const {
  if (is_cifar_depth(depth_)) return plan_cifar_resnet(depth_, info);
  const bool is_small = stem_ == "cifar" || (stem_ == "auto" && std::min(info.height, info.width) < kLargeImage);
  return plan_resnet(depth_, is_small, info);
}

}  // namespace dha::resnet
