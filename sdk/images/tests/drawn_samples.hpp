// Images and drawn operations that the tests of code for devices share, with what the loops for the CPU make of them.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <vector>

#include "dha/images/apply.hpp"

namespace dha::images {

struct Draw {
  Operation operation;
  double level;
  int sign;
  Resampling resampling;
  double centre_x = 0.5, centre_y = 0.5;
};

inline constexpr std::array kScales{LevelScale::kPaper, LevelScale::kStrength, LevelScale::kPba};
inline constexpr std::array<uint8_t, 3> kTestFill{120, 17, 203};

// Every operation at seven levels of the largest, 8 or 10 of `scale`, with both signs and resamplings.
std::vector<Draw> all_draws(LevelScale scale);

// uint8 (count, channels, height, width): noise, noise of few values, constant and two-valued images in turn.
at::Tensor make_images(int64_t count, at::IntArrayRef shape);

// `draws` as tensors on the CPU, one operation for each image.
DrawnCalls calls_of(const std::vector<Draw>& draws, LevelScale scale);

// Both operations of each image, in sequence.
DrawnCalls in_sequence(const std::vector<DrawnCalls>& calls);

// uint8 (channels): kTestFill.
at::Tensor fill_tensor(int64_t channels);

at::Tensor applied_by_loops(const at::Tensor& images, const std::vector<Draw>& draws, LevelScale scale);

// Checks that colours are the same bytes, and geometry at most one level off in at most 0.1 % of an image's values.
void check_like_loops(const at::Tensor& found, const at::Tensor& expected, const std::vector<Draw>& draws);

}  // namespace dha::images
