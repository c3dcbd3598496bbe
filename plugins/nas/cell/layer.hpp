// What the network is made of, as data: counting, building and running all read the same description.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "operation.hpp"
#include "settings.hpp"

namespace dha::cell {

using Pair = std::array<int64_t, 2>;  // height, width

struct Layer {
  enum class Kind {
    kRelu,
    kConvolution,       // without bias
    kFactorizedReduce,  // two 1x1 convolutions of stride 2, the second on the input shifted by (1, 1), concatenated
    kBatchNorm,
    kMaxPool,
    kAveragePool,        // padding is not counted
    kGlobalAveragePool,  // also flattens
    kLinear,             // flattens its input; with bias
  };

  Kind kind = Kind::kRelu;
  std::string name;         // of the layer within its block; "" where the layer has no weights
  int64_t in = 0, out = 0;  // channels
  Pair kernel{1, 1}, stride{1, 1}, padding{0, 0};
  int64_t dilation = 1, groups = 1;
  bool affine = true;  // of a batch norm
};

using Layers = std::vector<Layer>;

// A sequence of layers with a name that its weights' names begin with.
struct BlockPlan {
  std::string name;
  Layers layers;
};

// Layers of an operation on `channels` channels with stride 1 or 2 (DARTS, Liu et al. 2019, and its public code). Empty
// for the identity and for kNone.
Layers operation_layers(Operation operation, int64_t channels, int64_t stride, ExtraNorm extra_norm, bool affine);

// ReLU, 1x1 convolution, batch norm; or, with `reduce`, through FactorizedReduce.
Layers preprocess_layers(int64_t in, int64_t out, bool reduce, bool affine);

Layers cifar_stem_layers(int64_t in, int64_t out);

// The first and the second part of the stem for large images: they scale by 4 and by 2.
Layers imagenet_stem0_layers(int64_t in, int64_t out);
Layers imagenet_stem1_layers(int64_t channels);

// The auxiliary head for features of `size` px. Its pool brings them to 2x2: windows of 5 px with stride 3 for 8x8 and
// 2 for 7x7 (DARTS's CIFAR and ImageNet networks), else windows that divide the features into two by two equal parts.
Layers auxiliary_layers(int64_t in, Pair size, bool last_batch_norm, int64_t classes);

Layers classifier_layers(int64_t in, int64_t classes);

// Height and width after a layer. Every stride-2 layer of a cell rounds up, so that sides of any parity fit.
Pair size_after(const Layer& layer, Pair size);

// Number of weights.
int64_t parameters(const Layers& layers);

// Multiply-adds of convolutions and linear layers for one image of `size` px; `size` becomes the output's.
int64_t multiply_adds(const Layers& layers, Pair& size);

}  // namespace dha::cell
