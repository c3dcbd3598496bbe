// A block with its weights: initialised as PyTorch's modules are, run by the operators of LibTorch and dha.
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

  // Draws the weights: convolutions and linear layers uniform in ±1/sqrt(fan-in), which is kaiming_uniform with a =
  // sqrt(5); affine weights 1 and 0. `options`: dtype and device of the weights.
  Block(BlockPlan plan, const at::TensorOptions& options, at::Generator generator);

  // (N, in, H, W) to (N, out, H', W'), or (N, classes) behind a linear layer. A block without layers returns its input
  // itself; of others the result may be changed in place, unless they end in a ReLU. A defined `gate`, 0-dimensional,
  // multiplies the output of the final batch norm by way of its affine weights, which needs no pass over the features;
  // only for blocks that end in one. Reads weights only, except for running statistics where `mode` asks to update
  // them. Throws Error{kInvalidParameter} where a batch norm has a single value per channel to normalise by.
  at::Tensor run(Features& input, const RunMode& mode, const at::Tensor& gate = {}) const;

  bool is_identity() const { return plan_.layers.empty(); }
  bool ends_in_batch_norm() const { return plan_.ends_in_batch_norm(); }

  // Appends weights and running statistics under their full names, "<block>.<layer>.weight".
  void list(std::vector<NamedTensor>& parameters, std::vector<NamedTensor>& buffers) const;

  // Lets gradients reach the affine weights of all batch norms, or stops them.
  void train_affine(bool trained);

  // Scales the output of the final batch norm, which is affine, by its weights, in place. `factor`: 0-dimensional.
  void absorb(const at::Tensor& factor);

  // Brings convolution weights to channels_last. The tensors keep their identity.
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

  // Whether a ReLU and a FactorizedReduce begin at `begin`, which are computed together.
  bool is_rectified_reduction(size_t begin) const;

  // Where the halves of separable convolutions (ReLU, depthwise or not, pointwise, batch norm) that begin at `begin`
  // end.
  size_t end_of_stages(size_t begin) const;
  at::Tensor run_stages(size_t begin, size_t end, const at::Tensor& x, const RunMode& mode,
                        const at::Tensor& gate) const;

  BlockPlan plan_;
  std::vector<Weights> weights_;  // one per layer
};

}  // namespace dha::nn
