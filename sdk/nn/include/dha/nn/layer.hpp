// Layers of convolutional networks as data; counting, building and running read the same description.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace dha::nn {

using Pair = std::array<int64_t, 2>;  // height, width

struct Layer {
  enum class Kind {
    kRelu,
    kRelu6,
    kConvolution,       // without bias
    kFactorizedReduce,  // two 1x1 convolutions of stride 2, the second on the input shifted by (1, 1), concatenated
    kBatchNorm,
    kMaxPool,
    kAveragePool,        // padding is not counted
    kGlobalAveragePool,  // also flattens
    kWiden,              // every stride-th pixel, with channels of zeros on both sides (shortcut A of He et al. 2016)
    kLinear,             // flattens its input; with bias
  };

  Kind kind = Kind::kRelu;
  std::string name;         // of the layer within its block; "" if the layer has no weights
  int64_t in = 0, out = 0;  // channels
  Pair kernel{1, 1}, stride{1, 1}, padding{0, 0};
  int64_t dilation = 1, groups = 1;
  bool affine = true;     // of a batch norm
  double epsilon = 1e-5;  // of a batch norm
};

using Layers = std::vector<Layer>;

// How the initial weights of convolutions are drawn.
enum class Initialization {
  kUniformFanIn,  // uniform in ±1/sqrt(fan-in): PyTorch's kaiming_uniform with a = sqrt(5)
  kNormalFanOut,  // normal with variance 2/fan-out, where fan-out is output channels times kernel area (He et al. 2015)
};

// A sequence of layers with a name, which is the prefix of its weights' names; "" adds no prefix.
struct BlockPlan {
  std::string name;
  Layers layers;
  Initialization initialization = Initialization::kUniformFanIn;
  bool ends_in_batch_norm() const;
};

// A convolution with one filter per channel.
bool is_depthwise(const Layer& layer);

// A 1x1 convolution of stride 1.
bool is_pointwise(const Layer& layer);

Layer relu();
Layer relu6();
Layer convolution(std::string name, int64_t in, int64_t out, Pair kernel, Pair stride = {1, 1}, Pair padding = {0, 0});

// Padded so that stride 1 keeps the size. `kernel` is odd.
Layer depthwise(std::string name, int64_t channels, int64_t kernel, int64_t stride, int64_t dilation = 1);

Layer factorized_reduce(std::string name, int64_t in, int64_t out);
Layer batch_norm(std::string name, int64_t channels, bool affine = true, double epsilon = 1e-5);
Layer max_pool(Pair kernel, Pair stride, Pair padding = {0, 0});
Layer average_pool(Pair kernel, Pair stride, Pair padding = {0, 0});
Layer global_average_pool();

// `out` - `in` is even and not negative.
Layer widen(int64_t in, int64_t out, int64_t stride);
Layer linear(std::string name, int64_t in, int64_t out);

}  // namespace dha::nn
