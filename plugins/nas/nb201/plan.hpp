// The network of NAS-Bench-201 (Dong and Yang 2020, arXiv 2001.00326, section 2.1 and its public code) as a plan: a
// stem, three stages of equal cells, and a residual block of stride 2 before the second and the third.
#pragma once

#include "dha/dataset.hpp"
#include "dha/nn/network_plan.hpp"

namespace dha::nb201 {

struct PlanSettings {
  int64_t channels = 16;          // of the first stage
  int64_t cells = 5;              // per stage
  bool affine = true;             // batch norms inside candidates have affine weights
  bool extra_batch_norm = false;  // batch norm after pools and skips
};

// Choice i decides edge i of every cell; its candidates are the operations in their order.
nn::NetworkPlan plan_supernet(const PlanSettings& settings, const DatasetInfo& info);

}  // namespace dha::nb201
