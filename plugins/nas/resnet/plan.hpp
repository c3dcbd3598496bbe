// Residual networks as plans. Names of weights are those of torchvision's networks.
#pragma once

#include "dha/dataset.hpp"
#include "dha/nn/network_plan.hpp"

namespace dha::resnet {

// The layer with the name "fc" depends on the number of classes.
constexpr const char* kHead = "fc";

// Depths 18, 34 and 50 of He et al. 2016, table 1, with the stride of a bottleneck in its 3x3 convolution. The stem
// scales by 4, or, if `has_small_stem`, is one 3x3 convolution that keeps the size.
nn::NetworkPlan plan_resnet(int64_t depth, bool has_small_stem, const DatasetInfo& info);

// He et al. 2016, section 4.2: `depth` is 6n + 2; three stages of 16, 32 and 64 channels, shortcuts without weights.
nn::NetworkPlan plan_cifar_resnet(int64_t depth, const DatasetInfo& info);

// Zagoruyko and Komodakis 2016: `depth` is 6n + 4; batch norm and ReLU before each convolution, three stages of 16, 32
// and 64 times `width` channels.
nn::NetworkPlan plan_wide_resnet(int64_t depth, int64_t width, const DatasetInfo& info);

}  // namespace dha::resnet
