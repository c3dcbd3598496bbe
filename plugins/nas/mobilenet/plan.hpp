// The network of ProxylessNAS's MobileNet space (Cai et al. 2019, section 4.2 and its public code) as a plan.
#pragma once

#include <string>
#include <vector>

#include "dha/architecture.hpp"
#include "dha/dataset.hpp"
#include "dha/nn/network_plan.hpp"
#include "settings.hpp"

namespace dha::mobilenet {

// `value` times `multiplier`, rounded to a multiple of 8, not below 90 % of it (MobileNetV2's make_divisible).
int64_t scaled_channels(int64_t value, double multiplier);

// One per searched block: six of kernel 3, 5, 7 and expansion 3, 6, and "zero" where a shortcut leads past the block.
std::vector<Choice> make_choices(const Settings& settings, bool is_large);

// Whether images have the strides of ImageNet by default.
bool is_large(const DatasetInfo& info);

// Choice i decides block i.
nn::NetworkPlan plan_supernet(const Settings& settings, const DatasetInfo& info);

}  // namespace dha::mobilenet
