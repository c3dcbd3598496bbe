// Compares networks with the numbers of tests/golden/networks: fills weights by the formulas there (measure.py).
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dha/space.hpp"
#include "support/paths.hpp"

namespace dha::test {

using GoldenJson = nlohmann::json;

inline GoldenJson golden_network_file(const std::string& name) {
  std::ifstream file(source_dir() / "tests" / "golden" / "networks" / name);
  return GoldenJson::parse(file);
}

inline at::Tensor wave(const std::string& name, at::IntArrayRef shape) {
  uint32_t hash = 2166136261U;
  for (const char byte : name) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
  int64_t size = 1;
  for (const int64_t side : shape) size *= side;
  return at::arange(size, at::kDouble).mul(0.7).add(static_cast<double>(hash % 1000) * 0.01).sin().reshape(shape);
}

inline void fill_by_name(const Network& network) {
  const at::NoGradGuard no_grad;
  for (const auto& list : {network.parameters(), network.buffers()})
    for (const NamedTensor& one : list) {
      if (one.name.ends_with(".gate")) continue;
      at::Tensor value = wave(one.name, one.tensor.sizes());
      if (one.name.ends_with("running_var"))
        value = value.mul(0.2).add(1);
      else if (one.tensor.dim() >= 2)
        value = value.div(std::sqrt(static_cast<double>(one.tensor[0].numel())));
      else if (one.name.ends_with(".weight"))
        value = value.mul(0.3).add(1);
      else
        value = value.mul(0.2);
      one.tensor.copy_(value);
    }
}

inline at::Tensor golden_images(const GoldenJson& shape, bool channels_last) {
  const at::Tensor images = wave("images", shape.get<std::vector<int64_t>>());
  return channels_last ? images.contiguous(at::MemoryFormat::ChannelsLast) : images;
}

// Within 1e-9 of the largest expected logit.
inline void check_logits(const at::Tensor& found, const GoldenJson& expected, const std::string& what) {
  std::vector<double> values;
  for (const GoldenJson& row : expected)
    for (const GoldenJson& value : row) values.push_back(value);
  BOOST_TEST_REQUIRE(found.numel() == static_cast<int64_t>(values.size()));
  const at::Tensor wanted = at::from_blob(values.data(), {found.numel()}, at::TensorOptions().dtype(at::kDouble));
  const double error = found.detach().flatten().sub(wanted).abs().max().item<double>();
  const double scale = wanted.abs().max().item<double>();
  BOOST_TEST(error <= 1e-9 * scale, what << " differ by " << error << " of " << scale);
}

inline void check_gradients(const Network& network, const GoldenJson& expected) {
  BOOST_TEST(network.parameters().size() == expected.size());
  // Of biases that a later batch norm takes away again only the rounding errors of terms of about 1 are left.
  constexpr double kLeast = 1e-5;
  for (const NamedTensor& one : network.parameters()) {
    const GoldenJson& row = expected.at(one.name);
    const double scale = std::max(row[0].get<double>(), kLeast);
    double magnitude = 0, direction = 0;
    if (one.tensor.grad().defined()) {
      const at::Tensor gradient = one.tensor.grad().flatten();
      magnitude = gradient.abs().sum().item<double>();
      direction = gradient.dot(wave("gradient", gradient.sizes())).item<double>();
    }
    BOOST_TEST(std::abs(magnitude - row[0].get<double>()) <= 1e-8 * scale, "magnitude of d" << one.name);
    BOOST_TEST(std::abs(direction - row[1].get<double>()) <= 1e-8 * scale, "d" << one.name);
  }
}

// Logits in evaluation and in training, and gradients, in both memory formats.
inline void check_golden(Network& network, const GoldenJson& golden) {
  for (const bool channels_last : {false, true}) {
    fill_by_name(network);
    for (const NamedTensor& one : network.parameters()) one.tensor.mutable_grad() = at::Tensor();
    const at::Tensor images = golden_images(golden["shape"], channels_last);
    network.set_mode({false, false, 0, false});
    check_logits(network.forward(images, {}).logits, golden["evaluated"], "logits in evaluation");
    network.set_mode({true, true, 0, true});
    const at::Tensor logits = network.forward(images, {}).logits;
    check_logits(logits, golden["logits"], "logits in training");
    logits.mul(wave("loss", logits.sizes())).sum().backward();
    check_gradients(network, golden["gradients"]);
  }
}

}  // namespace dha::test
