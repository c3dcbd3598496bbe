// The formulas behind weights, images and labels that joint_step.py and its test share instead of a file.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>

#include <cmath>
#include <string>

namespace dha::test {

inline constexpr int64_t kBatch = 4, kSide = 16, kClasses = 5;

// FNV-1a.
inline uint32_t hash(const std::string& text) {
  uint32_t hash = 2166136261U;
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
  return hash;
}

// Values in [-1, 1] from the name and the squares of positions modulo 1009; double.
inline at::Tensor wave(const std::string& name, at::IntArrayRef shape) {
  int64_t count = 1;
  for (const int64_t extent : shape) count *= extent;
  const at::Tensor n = at::arange(count, at::kLong);
  return n.mul(n)
      .mul(17)
      .add(n, 131)
      .add(static_cast<int64_t>(hash(name) % 1009))
      .remainder(1009)
      .to(at::kDouble)
      .mul(0.00623)
      .sin()
      .reshape(shape);
}

inline at::Tensor initial_value(const std::string& name, at::IntArrayRef shape) {
  const at::Tensor value = wave(name, shape);
  if (name.ends_with("running_var")) return value.mul(0.2).add(1);
  if (name.find("norm") != std::string::npos && name.ends_with(".weight")) return value.mul(0.3).add(1);
  if (shape.size() >= 2) return value.div(std::sqrt(static_cast<double>(value[0].numel())));
  return value.mul(0.2);
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

// <tensor, direction>: what the files keep of a large tensor.
inline double projection(const std::string& name, int64_t step, const at::Tensor& tensor) {
  return direction(name, step, tensor.sizes()).mul_(tensor.detach()).sum().item<double>();
}

// uint8 (kBatch, 3, kSide, kSide)
inline at::Tensor pixels(int64_t salt) {
  at::Tensor images = at::empty({kBatch, 3, kSide, kSide}, at::kByte);
  uint8_t* pixel = images.mutable_data_ptr<uint8_t>();
  int64_t state = salt * 7919 + 12345;
  for (int64_t i = 0; i < images.numel(); ++i) {
    state = (state * 1103515245 + 12345) % 2147483648;
    pixel[i] = static_cast<uint8_t>((i * (salt + 3) / 5 + (state >> 24)) % 256);
  }
  return images;
}

// int64 (kBatch)
inline at::Tensor labels(int64_t salt) {
  at::Tensor labels = at::empty({kBatch}, at::kLong);
  for (int64_t i = 0; i < kBatch; ++i) labels.mutable_data_ptr<int64_t>()[i] = (3 * salt + 2 * i + i * i) % kClasses;
  return labels;
}

}  // namespace dha::test
