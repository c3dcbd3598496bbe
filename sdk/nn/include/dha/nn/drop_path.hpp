// Drop path of one forward pass: drops the output of an operation for single samples.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

namespace dha::nn {

class DropPath {
 public:
  // Drops nothing.
  DropPath() = default;

  // Draws all masks at once, without synchronisation: an output survives with probability 1 - `probability` and is then
  // scaled by the inverse (Larsson et al. 2017, per sample as in DARTS's code). `probability`: in [0, 1). `operations`:
  // number of masks. `images` (N, …): give the number of samples, the device and the type. `generator`:
  // Context::generator(), because masks concern single samples.
  DropPath(double probability, int64_t operations, const at::Tensor& images, at::Generator generator);

  // Applies the next mask to `x` (N, C, H, W), in place.
  void apply(at::Tensor& x);

 private:
  at::Tensor masks_;  // (operations, N, 1, 1, 1)
  int64_t next_ = 0;
};

}  // namespace dha::nn
