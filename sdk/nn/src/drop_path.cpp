#include "dha/nn/drop_path.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <utility>

namespace dha::nn {

DropPath::DropPath(double probability, int64_t operations, const at::Tensor& images, at::Generator generator) {
  if (probability <= 0) return;
  const at::NoGradGuard no_grad;
  masks_ = at::empty({operations, images.size(0), 1, 1, 1}, images.options())
               .bernoulli_(1 - probability, std::move(generator))
               .div_(1 - probability);
}

void DropPath::apply(at::Tensor& x) {
  if (masks_.defined()) x.mul_(masks_.select(0, next_++).to(x.scalar_type()));
}

}  // namespace dha::nn
