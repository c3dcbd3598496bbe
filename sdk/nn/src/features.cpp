#include "dha/nn/features.hpp"

#include <ATen/ops/relu.h>

namespace dha::nn {

const at::Tensor& Features::rectified() {
  if (!rectified_.defined()) rectified_ = at::relu(value_);
  return rectified_;
}

}  // namespace dha::nn
