// Images and drawn operations that the tests of code for devices share, with what the loops for the CPU make of them.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <vector>

#include "operations.hpp"
#include "tensor_operations.hpp"

namespace dha::pairs {

struct Draw {
  Operation operation;
  double level;
  int sign;
  Resampling resampling;
};

inline constexpr std::array<uint8_t, 3> kTestFill{120, 17, 203};

// Every operation at seven levels, with both signs and resamplings.
std::vector<Draw> all_draws();

// uint8 (count, channels, height, width): noise, noise of few values, constant and two-valued images in turn.
at::Tensor make_images(int64_t count, at::IntArrayRef shape);

// `draws` as tensors on the CPU.
DrawnCalls calls_of(const std::vector<Draw>& draws, Mapping mapping);

// uint8 (1, channels, 1): kTestFill.
at::Tensor fill_tensor(int64_t channels);

at::Tensor applied_by_loops(const at::Tensor& images, const std::vector<Draw>& draws, Mapping mapping);

// Checks that colours are the same bytes, and geometry at most one level off in at most 0.1 % of an image's values.
void check_like_loops(const at::Tensor& found, const at::Tensor& expected, const std::vector<Draw>& draws);

}  // namespace dha::pairs
