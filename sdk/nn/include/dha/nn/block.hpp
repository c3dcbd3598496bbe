// A block with its weights, initialised like PyTorch's modules and run by the operators of LibTorch and dha.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <vector>

#include "dha/component.hpp"
#include "dha/nn/features.hpp"
#include "dha/nn/layer.hpp"
#include "dha/nn/run_mode.hpp"
#include "dha/operators.hpp"

namespace dha::nn {

class Block {
 public:
  Block() = default;

  // Draws the weights: convolutions as the plan says, linear layers uniform in ±1/sqrt(fan-in); affine weights are 1
  // and 0. `options`: dtype and device of the weights.
  Block(BlockPlan plan, const at::TensorOptions& options, at::Generator generator);

  // (N, in, H, W) to (N, out, H', W'), or (N, classes) after a linear layer. A block without layers returns its input
  // itself. The result of other blocks may be changed in place, unless they end in a ReLU. A defined `gate`,
  // 0-dimensional, multiplies the output of the final batch norm through its affine weights, without a pass over the
  // features; only for blocks that end in a batch norm. Changes no weights; updates running statistics if `mode` asks
  // for it. Throws Error{kInvalidParameter} if a batch norm has only one value per channel to normalise by.
  at::Tensor run(Features& input, const RunMode& mode, const at::Tensor& gate = {}) const;

  bool is_identity() const { return plan_.layers.empty(); }
  bool ends_in_batch_norm() const { return plan_.ends_in_batch_norm(); }
  const BlockPlan& plan() const { return plan_; }

  // Appends weights and running statistics under their full names, "<block>.<layer>.weight".
  void list(std::vector<NamedTensor>& parameters, std::vector<NamedTensor>& buffers) const;

  // Enables or disables gradients of the affine weights of all batch norms.
  void train_affine(bool trained);

  // Scales the output of the final batch norm, which must be affine, by changing its weights in place. `factor`:
  // 0-dimensional.
  void absorb(const at::Tensor& factor);

  // Converts convolution weights to channels_last. The tensors keep their identity.
  void use_channels_last();

 private:
  struct Weights {
    at::Tensor weight, second;  // second: of the shifted convolution, or the bias
    at::Tensor running_mean, running_var;
  };

  at::Tensor run_layer(size_t index, const at::Tensor& x, const RunMode& mode, const at::Tensor& gate) const;
  at::Tensor rectify(size_t index, const at::Tensor& x) const;
  at::Tensor normalise(size_t index, const at::Tensor& x, const RunMode& mode, const at::Tensor& gate) const;
  ops::Norm norm(size_t index, const RunMode& mode, const at::Tensor& gate) const;

  // The gate, if layer `index` is the last.
  const at::Tensor& gate_at(size_t index, const at::Tensor& gate) const;

  // Whether a ReLU and a FactorizedReduce start at `begin`, which are computed together.
  bool is_rectified_reduction(size_t begin) const;

  // The end of the halves of separable convolutions (ReLU, optional depthwise, pointwise, batch norm) that start at
  // `begin`.
  size_t end_of_stages(size_t begin) const;
  at::Tensor run_stages(size_t begin, size_t end, const at::Tensor& x, const RunMode& mode,
                        const at::Tensor& gate) const;

  BlockPlan plan_;
  std::vector<Weights> weights_;  // one per layer
};

}  // namespace dha::nn
