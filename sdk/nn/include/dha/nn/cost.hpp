// Counts parameters and multiply-adds from descriptions of layers, without building a network.
//
//   nn::CostCounter counter;
//   nn::Pair size = counter.add(stem.layers, {32, 32});
//   size = counter.add(block.layers, size);
//   return counter.quantities();  // for Space::cost()
#pragma once

#include "dha/nn/layer.hpp"
#include "dha/quantities.hpp"

namespace dha::nn {

// Height and width after a layer. Pools and convolutions round down as LibTorch's do; the factorised reduction rounds
// up.
Pair size_after(const Layer& layer, Pair size);
Pair size_after(const Layers& layers, Pair size);

// Number of weights.
int64_t parameters(const Layers& layers);

// Multiply-adds of convolutions and linear layers for one image of `size` px.
int64_t multiply_adds(const Layers& layers, Pair size);

// Sums of both over the layers that a network executes for one image.
class CostCounter {
 public:
  // Adds layers whose input has `size` px and returns the size of their output.
  Pair add(const Layers& layers, Pair size);

  // quantity::kParameters and quantity::kMultiplyAdds.
  Quantities quantities() const;

 private:
  int64_t parameters_ = 0, multiply_adds_ = 0;
};

}  // namespace dha::nn
