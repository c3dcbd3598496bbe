#include "plan.hpp"

#include <utility>

#include "dha/nn/cost.hpp"
#include "notation.hpp"

namespace dha::nb201 {

namespace {

using nn::batch_norm, nn::convolution, nn::relu;
using nn::Layers, nn::NetworkPlan, nn::Pair;

constexpr int64_t kStages = 3;

// ReLU, convolution, batch norm. `kernel` is odd; stride 1 keeps the size.
Layers normal_convolution(const std::string& number, int64_t in, int64_t out, int64_t kernel, int64_t stride,
                          bool affine) {
  return {relu(), convolution("conv" + number, in, out, {kernel, kernel}, {stride, stride}, {kernel / 2, kernel / 2}),
          batch_norm("norm" + number, out, affine)};
}

Layers operation_layers(Operation operation, int64_t channels, const PlanSettings& settings) {
  Layers layers;
  switch (operation) {
    case Operation::kNone:
      return {};
    case Operation::kConvolution1x1:
      return normal_convolution("", channels, channels, 1, 1, settings.affine);
    case Operation::kConvolution3x3:
      return normal_convolution("", channels, channels, 3, 1, settings.affine);
    case Operation::kAveragePool3x3:
      layers = {nn::average_pool({3, 3}, {1, 1}, {1, 1})};
      break;
    case Operation::kSkipConnect:
      break;
  }
  if (settings.extra_batch_norm) layers.push_back(batch_norm("norm", channels, settings.affine));
  return layers;
}

// Builds a plan from its beginning to its end; features number `last_` are what the next part reads.
class Planner {
 public:
  Planner(const PlanSettings& settings, const DatasetInfo& info)
      : settings_(settings),
        plan_{"the NAS-Bench-201 network", info.channels, info.height, info.width, {}},
        size_{info.height, info.width} {}

  void add(nn::BlockPlan block) {
    plan_.steps.push_back(nn::fixed_step(last_, last_ + 1, std::move(block)));
    ++last_;
  }

  void add_cell(int64_t index, int64_t channels) {
    for (size_t i = 0; i < kEdges.size(); ++i) {
      const auto [from, to] = kEdges[i];
      nn::StepPlan step{last_ + from, last_ + to, {}, static_cast<int64_t>(i), true};
      const std::string prefix =
          "cells." + std::to_string(index) + ".node" + std::to_string(to) + ".from" + std::to_string(from) + ".";
      for (int64_t k = 0; k < kOperations; ++k) {
        const auto operation = static_cast<Operation>(k);
        step.operations.push_back({{prefix + name(operation), operation_layers(operation, channels, settings_)},
                                   operation == Operation::kNone});
      }
      plan_.steps.push_back(std::move(step));
    }
    last_ += kNodes - 1;
  }

  // The benchmark's shortcut halves even sides; an odd one is padded, without counting the padding, so that it ends up
  // as long as behind the convolution of stride 2.
  void add_reduction(int64_t index, int64_t in, int64_t out) {
    const std::string name = "reductions." + std::to_string(index);
    Layers layers = normal_convolution("1", in, out, 3, 2, true);
    const Pair reduced = nn::size_after(layers, size_);
    for (nn::Layer& layer : normal_convolution("2", out, out, 3, 1, true)) layers.push_back(std::move(layer));
    plan_.steps.push_back(nn::fixed_step(last_, last_ + 1, {name, std::move(layers)}));
    const nn::Layer pool = nn::average_pool({2, 2}, {2, 2}, {size_[0] % 2, size_[1] % 2});
    plan_.steps.push_back(nn::fixed_step(last_, last_ + 1, {name, {pool, convolution("shortcut", in, out, {1, 1})}}));
    ++last_;
    size_ = reduced;
  }

  NetworkPlan plan() && { return std::move(plan_); }

 private:
  const PlanSettings& settings_;
  NetworkPlan plan_;
  int64_t last_ = 0;
  Pair size_;
};

}  // namespace

NetworkPlan plan_supernet(const PlanSettings& settings, const DatasetInfo& info) {
  Planner planner(settings, info);
  int64_t channels = settings.channels;
  planner.add(
      {"stem", {convolution("conv", info.channels, channels, {3, 3}, {1, 1}, {1, 1}), batch_norm("norm", channels)}});
  for (int64_t stage = 0; stage < kStages; ++stage) {
    if (stage > 0) {
      planner.add_reduction(stage - 1, channels, 2 * channels);
      channels *= 2;
    }
    for (int64_t i = 0; i < settings.cells; ++i) planner.add_cell(stage * settings.cells + i, channels);
  }
  planner.add({"head",
               {batch_norm("norm", channels), relu(), nn::global_average_pool(),
                nn::linear("linear", channels, info.classes)}});
  return std::move(planner).plan();
}

}  // namespace dha::nb201
