// Loss scaling for fp16, which would lose small gradients: the loss is multiplied before the backward pass and the
// gradients are divided after it (Micikevicius et al., arXiv 1710.03740) by an adaptive factor.
//
// Everything stays on the device. If a gradient of a pass is not finite, all gradients of the pass become zero, so that
// momentum and weight decay continue but nothing is learned, and the factor is halved; after 2,000 consecutive finite
// passes it is doubled. (PyTorch's GradScaler skips such a step, which makes the host wait in every step.)
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace dha {

class LossScale {
 public:
  // For a precision other than fp16 the factor is 1 and the functions below do nothing.
  LossScale(const std::string& precision, at::Device device);

  // The scaled loss, 0-dimensional, for the backward pass.
  at::Tensor scaled(const at::Tensor& loss) const;

  // Divides, in place, all gradients of a scaled loss; undefined entries are skipped. The factor changes only with
  // `adapts`, not in passes for evaluation.
  void unscale(const std::vector<at::Tensor>& gradients, bool adapts);

  // For checkpoints: the factor and the finite passes since it last changed, float32 and int32 (1). Empty if the factor
  // is 1.
  std::vector<at::Tensor> tensors() const;
  void restore(const std::vector<at::Tensor>& tensors);

 private:
  at::Tensor scale_;  // float32 (1); undefined: no scaling
  at::Tensor sound_;  // int32 (1)
};

}  // namespace dha
