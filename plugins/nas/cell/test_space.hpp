// Spaces, gates and published architectures for the tests of the cell space.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "dha/params.hpp"
#include "space.hpp"
#include "support/test_context.hpp"

namespace dha::cell {

inline DatasetInfo image_set(int64_t classes, int64_t side, int64_t channels = 3) {
  DatasetInfo info;
  info.classes = classes;
  info.channels = channels;
  info.height = side;
  info.width = side;
  return info;
}

// A prepared space and its context.
struct TestSpace {
  TestSpace(const std::string& params, const DatasetInfo& info, uint64_t seed = 1)
      : context(std::make_unique<test::TestContext>(seed)) {
    const ParamCheck check = check_params(CellSpace::schema().json_text(), params);
    if (!check.problems.empty()) throw std::runtime_error(check.problems[0].pointer + " " + check.problems[0].message);
    space = std::make_unique<CellSpace>(Params(check.completed), *context);
    space->prepare(info);
  }
  CellSpace* operator->() const { return space.get(); }

  std::unique_ptr<test::TestContext> context;
  std::unique_ptr<CellSpace> space;
};

inline constexpr NetworkMode kTraining{true, true, 0, true}, kEvaluation{false, false, 0, false};

inline NetworkMode mode_of(bool training) { return training ? kTraining : kEvaluation; }

// The text of examples/architectures/<name>.json.
inline std::string published(const std::string& name) {
  std::ifstream file(test::source_dir() / "examples" / "architectures" / (name + ".json"));
  if (!file) throw std::runtime_error("examples/architectures lacks " + name + ".json");
  return {std::istreambuf_iterator<char>(file), {}};
}

inline at::Tensor leaf(std::vector<double> values, at::ScalarType type) {
  return at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::TensorOptions().dtype(at::kDouble))
      .to(type)
      .clone()
      .set_requires_grad(true);
}

// Gates that decide `decisions`, with weights 0.7, -1.3, 0.7, ….
inline Gates decided_gates(const Decisions& decisions, at::ScalarType type, bool frozen = true) {
  Gates gates;
  for (const auto& kept : decisions) {
    std::vector<double> weights;
    for (size_t i = 0; i < kept.size(); ++i) weights.push_back(i % 2 == 0 ? 0.7 : -1.3);
    gates.choices.push_back({kept, leaf(weights, type), {}, frozen});
  }
  return gates;
}

inline at::Tensor random_images(int64_t batch, const DatasetInfo& info, at::ScalarType type, uint64_t seed = 5) {
  return at::empty({batch, info.channels, info.height, info.width}, at::TensorOptions().dtype(type))
      .normal_(0, 1, at::detail::createCPUGenerator(seed));
}

inline at::Tensor named(const std::vector<NamedTensor>& tensors, const std::string& name) {
  for (const NamedTensor& one : tensors)
    if (one.name == name) return one.tensor;
  throw std::runtime_error("there is no tensor '" + name + "'");
}

inline int64_t count_of(const Network& network, bool auxiliary) {
  int64_t count = 0;
  for (const NamedTensor& one : network.parameters())
    if (one.name.starts_with("auxiliary.") == auxiliary) count += one.tensor.numel();
  return count;
}

// Largest absolute difference.
inline double distance(const at::Tensor& a, const at::Tensor& b) { return a.sub(b).abs().max().item<double>(); }

inline constexpr const char* kEveryOperation =
    R"(["none", "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3",
  "sep_conv_5x5", "sep_conv_7x7", "dil_conv_3x3", "dil_conv_5x5", "conv_7x1_1x7"])";

// Parameters of a small space, with `more` of them.
inline std::string small_space(const std::string& more = "") {
  return R"({"channels": 4, "cells": 3, "nodes": 3)" + (more.empty() ? "" : ", " + more) + "}";
}

// A sum of the logits in random directions, auxiliary ones weighted.
inline at::Tensor loss_of(const NetworkOutput& output, double auxiliary_weight) {
  const auto pick = [](const at::Tensor& logits) {
    const at::Tensor directions = at::empty(logits.sizes(), logits.options().requires_grad(false))
                                      .normal_(0, 1, at::detail::createCPUGenerator(5));
    return logits.mul(directions).sum();
  };
  const at::Tensor loss = pick(output.logits);
  return output.auxiliary_logits.defined() ? loss.add(pick(output.auxiliary_logits), auxiliary_weight) : loss;
}

// Gives normalisations other weights and statistics than 1 and 0.
inline void perturb_weights(const Network& network) {
  const at::NoGradGuard no_grad;
  const auto generator = at::detail::createCPUGenerator(21);
  for (const auto& list : {network.parameters(), network.buffers()})
    for (const NamedTensor& one : list) {
      const double centre =
          one.name.find("norm") != std::string::npos && !one.name.ends_with("bias") && !one.name.ends_with("mean")
              ? 1.0
              : 0.0;
      if (one.tensor.dim() == 1) at::Tensor(one.tensor).uniform_(centre - 0.3, centre + 0.3, generator);
    }
}

inline Decisions random_decisions(const TestSpace& space, uint64_t seed) {
  return space->decisions(space->sample(at::detail::createCPUGenerator(seed)));
}

}  // namespace dha::cell
