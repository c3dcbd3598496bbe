// What the files of joint_step.py keep of a large tensor, by a formula that both sides have.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>

#include <cmath>
#include <string>

namespace dha::test {

// FNV-1a.
inline uint32_t hash(const std::string& text) {
  uint32_t hash = 2166136261U;
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
  return hash;
}

// Values in [-1, 1], independent of each other and of those of other names and steps: a counter through the mixer of
// SplitMix64, in integers of 64 bits that wrap, with shifts that keep the sign; double.
inline at::Tensor direction(const std::string& name, int64_t step, at::IntArrayRef shape) {
  int64_t count = 1;
  for (const int64_t extent : shape) count *= extent;
  at::Tensor x = at::arange(count, at::kLong).add_(static_cast<int64_t>(hash(name)) + (step << 32));
  const auto fold = [&x](int bits) { x.bitwise_xor_(x.bitwise_right_shift(bits)); };
  x.mul_(-7046029254386353131);
  fold(30);
  x.mul_(-4658895280553007687);
  fold(27);
  x.mul_(-7723592293110705685);
  fold(31);
  return x.to(at::kDouble).mul_(std::ldexp(1, -63)).reshape(shape);
}

// <tensor, direction>
inline double projection(const std::string& name, int64_t step, const at::Tensor& tensor) {
  return direction(name, step, tensor.sizes()).mul_(tensor.detach()).sum().item<double>();
}

}  // namespace dha::test
