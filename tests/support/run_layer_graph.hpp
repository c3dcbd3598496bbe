// Runs a LayerGraph by LibTorch's operators, so that tests can compare it with the network that it describes.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/zeros.h>

#include <map>
#include <string>
#include <vector>

#include "dha/layer_graph.hpp"
#include "dha/space.hpp"

namespace dha::test {

using TensorsByName = std::map<std::string, at::Tensor>;

inline TensorsByName tensors_of(const Network& network) {
  TensorsByName tensors;
  for (const auto& list : {network.parameters(), network.buffers()})
    for (const NamedTensor& one : list) tensors[one.name] = one.tensor;
  return tensors;
}

// Throws std::out_of_range where a tensor is missing.
inline at::Tensor run_layer(const GraphLayer& layer, const std::vector<at::Tensor>& inputs,
                            const TensorsByName& tensors) {
  using Kind = GraphLayer::Kind;
  const auto named = [&](const char* name) { return tensors.at(layer.name + "." + name); };
  const auto bias = [&] { return layer.has_bias ? named("bias") : at::Tensor(); };
  const at::Tensor& x = inputs.front();
  at::Tensor sum = x;
  switch (layer.kind) {
    case Kind::kConvolution:
      return at::conv2d(x, named("weight"), bias(), layer.stride, layer.padding, layer.dilation, layer.groups);
    case Kind::kBatchNorm:
      return at::batch_norm(x, layer.affine ? named("weight") : at::Tensor(),
                            layer.affine ? named("bias") : at::Tensor(), named("running_mean"), named("running_var"),
                            /*training=*/false, 0, layer.epsilon, /*cudnn_enabled=*/false);
    case Kind::kLinear:
      return at::linear(x.flatten(1), named("weight"), bias());
    case Kind::kGate:
      return x.mul(named("gate"));
    case Kind::kRelu:
      return x.clamp_min(0);
    case Kind::kRelu6:
      return x.clamp(0, 6);
    case Kind::kMaxPool:
      return at::max_pool2d(x, layer.kernel, layer.stride, layer.padding);
    case Kind::kAveragePool:
      return at::avg_pool2d(x, layer.kernel, layer.stride, layer.padding, /*ceil_mode=*/false,
                            /*count_include_pad=*/false);
    case Kind::kGlobalAveragePool:
      return x.mean(at::IntArrayRef{2, 3}, /*keepdim=*/true);
    case Kind::kAdd:
      for (size_t i = 1; i < inputs.size(); ++i) sum = sum.add(inputs[i]);
      return sum;
    case Kind::kConcatenate:
      return at::cat(inputs, 1);
    case Kind::kPad:
      return at::constant_pad_nd(
          x, {layer.before[2], layer.after[2], layer.before[1], layer.after[1], layer.before[0], layer.after[0]});
    case Kind::kSubsample:
      return x.slice(2, layer.start[0], std::nullopt, layer.stride[0])
          .slice(3, layer.start[1], std::nullopt, layer.stride[1]);
    case Kind::kZeros:
      return at::zeros({x.size(0), layer.out, layer.size[0], layer.size[1]}, x.options());
  }
  return x;
}

// images: (N, channels, height, width). Returns the logits (N, classes).
inline at::Tensor run(const LayerGraph& graph, const TensorsByName& tensors, const at::Tensor& images) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> outputs;
  for (const GraphLayer& layer : graph.layers) {
    std::vector<at::Tensor> inputs;
    for (const int64_t input : layer.inputs)
      inputs.push_back(input == LayerGraph::kImages ? images : outputs.at(static_cast<size_t>(input)));
    outputs.push_back(run_layer(layer, inputs, tensors));
  }
  return outputs.at(static_cast<size_t>(graph.logits));
}

// Largest difference of the logits of a lean network and of the layers that its space describes, as a share of the
// largest logit. Changes the network's mode.
inline double distance_of_layers(Space& space, const std::string& architecture, Network& network,
                                 const at::Tensor& images) {
  const auto* described = static_cast<NetworkLayers*>(space.capability(NetworkLayers::kCapability));
  network.set_mode({false, false, 0, false});
  const at::NoGradGuard no_grad;
  const at::Tensor expected = network.forward(images, {}).logits;
  const at::Tensor found = run(described->layers(architecture), tensors_of(network), images);
  if (found.sizes() != expected.sizes()) return 1;
  return found.sub(expected).abs().max().item<double>() / expected.abs().max().item<double>();
}

}  // namespace dha::test
