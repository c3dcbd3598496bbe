// An optional ability of spaces: describe the network of an architecture layer by layer, so that the host can write it
// in formats of other programs (ONNX, a Python module).
//
// Obtained by capability("dha.layers/1"). A model of a space without it is saved without such files.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "dha/export.hpp"

namespace dha {

// One layer in evaluation, without drop path. Pairs are height and width. A layer `name` with weights reads the tensors
// of Network::parameters() and buffers() whose names are `name`, a dot and the name that its kind says.
struct GraphLayer {
  enum class Kind {
    kConvolution,        // weight (out, in / groups, kernel height, kernel width); bias (out) if has_bias
    kBatchNorm,          // running_mean, running_var (in), weight and bias (in) if affine
    kLinear,             // flattens its input to (N, in); weight (out, in); bias (out) if has_bias
    kGate,               // times the number `gate`, 0-dimensional
    kRelu,               //
    kRelu6,              // min(max(x, 0), 6)
    kMaxPool,            // padding counts as minus infinity
    kAveragePool,        // the mean over the part of a window inside the image
    kGlobalAveragePool,  // (N, C, H, W) to (N, C, 1, 1)
    kAdd,                // all inputs, from the first to the last; their shapes are equal
    kConcatenate,        // all inputs along the channels
    kPad,                // zeros around the image and its channels
    kSubsample,          // the pixels in every stride-th row and column, from row and column `start` on
    kZeros,              // (N, out, size), where N is that of its input
  };

  Kind kind = Kind::kRelu;
  std::string name;             // "cells.0.node1.from2.sep_conv_3x3.norm1"; unique among layers with weights
  std::vector<int64_t> inputs;  // positions of earlier layers, or kImages; one, except for kAdd and kConcatenate

  int64_t in = 0, out = 0;                // channels: of convolutions, batch norms, linear layers; out also of kZeros
  std::array<int64_t, 2> kernel{1, 1};    // of convolutions and pools
  std::array<int64_t, 2> stride{1, 1};    // of convolutions, pools, kSubsample
  std::array<int64_t, 2> padding{0, 0};   // on both sides, of convolutions and pools; output sizes are rounded down
  std::array<int64_t, 2> dilation{1, 1};  // of convolutions
  int64_t groups = 1;                     // of convolutions
  bool has_bias = false;                  // of convolutions and linear layers
  bool affine = true;                     // of batch norms
  double epsilon = 1e-5;                  // of batch norms
  std::array<int64_t, 2> start{0, 0};     // of kSubsample
  std::array<int64_t, 2> size{0, 0};      // of kZeros
  std::array<int64_t, 3> before{0, 0, 0}, after{0, 0, 0};  // of kPad: channels, rows, columns
};

// A network from normalised images (N, channels, height, width) to logits (N, classes).
struct LayerGraph {
  static constexpr int64_t kImages = -1;  // as an input

  int64_t channels = 0, height = 0, width = 0;
  std::vector<GraphLayer> layers;
  int64_t logits = 0;  // position of the layer that returns them
};

class DHA_API NetworkLayers {
 public:
  static constexpr const char* kCapability = "dha.layers/1";

  NetworkLayers();
  virtual ~NetworkLayers();

  // The layers of the network that Space::lean() creates for `architecture`, without an auxiliary head; every tensor
  // that they name is one of that network's parameters and buffers. Called after prepare(). Throws
  // Error{kInvalidParameter} if the architecture does not belong to this space.
  virtual LayerGraph layers(const std::string& architecture) const = 0;
};

}  // namespace dha
