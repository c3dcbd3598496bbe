// A block with its weights: initialised as PyTorch's modules are, run by the operators of LibTorch and dha.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "dha/component.hpp"
#include "dha/operators.hpp"
#include "layer.hpp"

namespace dha::cell {

// A tensor that several blocks read. Their first ReLU is computed once.
class Features {
 public:
  Features() = default;
  explicit Features(at::Tensor value) : value_(std::move(value)) {}
  const at::Tensor& value() const { return value_; }
  const at::Tensor& rectified();

 private:
  at::Tensor value_, rectified_;
};

struct RunMode {
  bool training = false;           // batch statistics
  bool update_statistics = false;  // of the running mean and variance, in training
};

class Block {
 public:
  Block() = default;

  // Draws the weights: convolutions and linear layers uniform in ±1/sqrt(fan-in), which is kaiming_uniform with a =
  // sqrt(5); affine weights 1 and 0.
  Block(const BlockPlan& plan, const at::TensorOptions& options, at::Generator generator);

  // (N, in, H, W) to (N, out, H', W'), or (N, classes) behind a linear layer. A block without layers returns its input
  // itself. A defined `gate`, 0-dimensional, multiplies the output of the final batch norm by way of its affine
  // weights, which needs no pass over the features; only for blocks that end in one. Reads weights only, but for
  // running statistics where `mode` asks to update them.
  at::Tensor run(Features& input, const RunMode& mode, const at::Tensor& gate = {}) const;

  bool is_identity() const { return plan_.layers.empty(); }
  bool ends_in_batch_norm() const;

  // Appends weights and running statistics under their full names.
  void list(std::vector<NamedTensor>& parameters, std::vector<NamedTensor>& buffers) const;

  // Lets gradients reach the affine weights of all batch norms, or stops them.
  void train_affine(bool trained);

  // Scales the output of the final batch norm by its affine weights, in place.
  void absorb(const at::Tensor& factor);

  // Brings convolution weights to channels_last. The tensors keep their identity.
  void use_channels_last();

 private:
  struct Weights {
    at::Tensor weight, second;  // second: of the shifted convolution, or the bias
    at::Tensor running_mean, running_var;
  };

  at::Tensor run_layer(size_t index, const at::Tensor& x, const RunMode& mode, const at::Tensor& gate) const;
  at::Tensor batch_norm(size_t index, const at::Tensor& x, const RunMode& mode, const at::Tensor& gate) const;
  ops::Norm norm(size_t index, const RunMode& mode, const at::Tensor& gate) const;

  // The gate, if layer `index` is the last.
  const at::Tensor& gate_at(size_t index, const at::Tensor& gate) const;

  // Where the halves of separable convolutions (ReLU, depthwise or not, pointwise, batch norm) that begin at `begin`
  // end.
  size_t end_of_stages(size_t begin) const;
  at::Tensor run_stages(size_t begin, size_t end, const at::Tensor& x, const RunMode& mode,
                        const at::Tensor& gate) const;

  BlockPlan plan_;
  std::vector<Weights> weights_;  // one a layer
};

}  // namespace dha::cell
