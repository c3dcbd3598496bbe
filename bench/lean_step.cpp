// Times plain training steps of a lean network (forward, loss with the auxiliary head's at 0.4, backward, SGD with
// momentum and weight decay). bench/peers/lean_step.py compares it with PyTorch.
//
//   lean_step [--memory] ARCHITECTURE.json CHANNELS CELLS BATCH
//
// Answers each line on stdin, a number of steps, with their milliseconds in one line. --memory: three steps, then the
// process's peak memory in MB before the first and at the end.
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "component/stage_parts.hpp"
#include "device/memory.hpp"
#include "dha/params.hpp"
#include "plugin/plugin_registry.hpp"
#include "process/freed_memory.hpp"

namespace {

using namespace dha;

constexpr double kLearningRate = 0.025, kMomentum = 0.9, kWeightDecay = 3e-4;
constexpr int64_t kSide = 32, kClasses = 10;

DatasetInfo images() {
  DatasetInfo info;
  info.classes = kClasses;
  info.channels = 3;
  info.height = info.width = kSide;
  return info;
}

ComponentUse use(const PluginRegistry& registry, const char* kind, const std::string& id, const std::string& params) {
  return {id, check_params(registry.find(kind, id).schema_json, params).completed};
}

StageConfig config(const PluginRegistry& registry, const std::string& channels, const std::string& cells) {
  StageConfig config;
  config.name = "bench";
  config.space =
      use(registry, "space", "dha.cell",
          fmt::format(R"({{"channels": {}, "cells": {}, "auxiliary_weight": 0.4, "extra_batch_norm": false}})",
                      channels, cells));
  config.hyper = use(registry, "hyper_optimizer", "dha.sgd", "{}");
  return config;
}

class Training {
 public:
  Training(const StageParts& parts, int64_t batch)
      : parts_(parts),
        images_(at::randn({batch, 3, kSide, kSide}).contiguous(at::MemoryFormat::ChannelsLast)),
        labels_(at::randint(kClasses, {batch}, at::kLong)) {
    for (const at::Tensor& weight : parts.weights()) momentum_.push_back(at::zeros_like(weight));
  }

  double step() {
    const auto begun = std::chrono::steady_clock::now();
    const NetworkOutput output = parts_.network().forward(images_, {});
    at::Tensor loss = at::cross_entropy_loss(output.logits, labels_);
    if (output.auxiliary_logits.defined())
      loss = loss + at::cross_entropy_loss(output.auxiliary_logits, labels_) * parts_.network().auxiliary_weight();
    loss.backward();
    update();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
  }

 private:
  void update() {
    const at::NoGradGuard no_grad;
    const std::vector<at::Tensor>& weights = parts_.weights();
    std::vector<at::Tensor> gradients;
    for (const at::Tensor& weight : weights) gradients.push_back(weight.grad());
    at::_foreach_add_(gradients, weights, at::Scalar(kWeightDecay));
    at::_foreach_mul_(momentum_, at::Scalar(kMomentum));
    at::_foreach_add_(momentum_, gradients, 1);
    at::_foreach_add_(at::TensorList(weights), momentum_, -kLearningRate);
    for (const at::Tensor& weight : weights) weight.mutable_grad().reset();
  }

  const StageParts& parts_;
  at::Tensor images_, labels_;
  std::vector<at::Tensor> momentum_;
};

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool memory = !arguments.empty() && arguments[0] == "--memory";
  if (memory) arguments.erase(arguments.begin());
  if (arguments.size() != 4) {
    fmt::print(stderr, "usage: lean_step [--memory] ARCHITECTURE.json CHANNELS CELLS BATCH\n");
    return 2;
  }
  PluginRegistry registry;
  registry.load_directory(DHA_BENCH_PLUGIN_DIR, true);
  const DatasetInfo info = images();
  StageParts parts(config(registry, arguments[1], arguments[2]), {registry, {}, info, at::kFloat, true}, "bench");
  parts.make_network(content(arguments[0]));
  const double before = static_cast<double>(peak_host_memory_bytes()) / 1e6;
  Training training(parts, std::stoll(arguments[3]));
  if (memory) {
    for (int i = 0; i < 3; ++i) training.step();
    fmt::print("{:.0f} {:.0f}\n", before, static_cast<double>(peak_host_memory_bytes()) / 1e6);
    return 0;
  }
  fmt::print("{} threads\n", at::get_num_threads());
  std::fflush(stdout);
  for (int steps = 0; std::cin >> steps;) {
    for (int i = 0; i < steps; ++i) fmt::print("{:.3f} ", training.step());
    fmt::print("\n");
    std::fflush(stdout);
  }
  return 0;
}
