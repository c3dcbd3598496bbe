// The formulas behind weights, images and labels that joint_step.py and its test share instead of a file.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>

#include <cmath>
#include <string>

namespace dha::test {

inline constexpr int64_t kBatch = 4, kSide = 32, kClasses = 5;

// Values in [-1, 1] from the name and the squares of positions modulo 1009; double.
inline at::Tensor wave(const std::string& name, at::IntArrayRef shape) {
  uint32_t hash = 2166136261U;
  for (const char byte : name) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
  int64_t count = 1;
  for (const int64_t extent : shape) count *= extent;
  const at::Tensor n = at::arange(count, at::kLong);
  return n.mul(n)
      .mul(17)
      .add(n, 131)
      .add(static_cast<int64_t>(hash % 1009))
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

// <tensor, wave>: what the files keep of a large tensor.
inline double projection(const std::string& name, const at::Tensor& tensor) {
  return wave("projection of " + name, tensor.sizes()).mul(tensor.detach()).sum().item<double>();
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
