#include "plan.hpp"

#include <array>
#include <utility>

namespace dha::resnet {

namespace {

using nn::batch_norm, nn::convolution, nn::relu;
using nn::BlockPlan, nn::Layer, nn::Layers, nn::NetworkPlan;

constexpr int64_t kBottleneckExpansion = 4;

// What leads past a block that changes the shape.
enum class Shortcut { kProjection, kWithoutWeights };

Layer conv3x3(std::string name, int64_t in, int64_t out, int64_t stride) {
  return convolution(std::move(name), in, out, {3, 3}, {stride, stride}, {1, 1});
}

Layers basic_layers(int64_t in, int64_t out, int64_t stride) {
  return {conv3x3("conv1", in, out, stride), batch_norm("bn1", out), relu(), conv3x3("conv2", out, out, 1),
          batch_norm("bn2", out)};
}

Layers bottleneck_layers(int64_t in, int64_t narrow, int64_t out, int64_t stride) {
  return {convolution("conv1", in, narrow, {1, 1}),  batch_norm("bn1", narrow), relu(),
          conv3x3("conv2", narrow, narrow, stride),  batch_norm("bn2", narrow), relu(),
          convolution("conv3", narrow, out, {1, 1}), batch_norm("bn3", out)};
}

// Builds a plan from its beginning to its end; features number `last_` are what the next part reads.
class Planner {
 public:
  Planner(std::string name, const DatasetInfo& info)
      : plan_{std::move(name), info.channels, info.height, info.width, {}} {}

  void add(std::string name, Layers layers) {
    step(last_, last_ + 1, std::move(name), std::move(layers));
    ++last_;
  }

  // A block whose sum with its shortcut a ReLU follows.
  void add_block(const std::string& name, Layers body, int64_t in, int64_t out, int64_t stride, Shortcut shortcut) {
    const int64_t from = last_;
    add(name, std::move(body));
    if (in == out && stride == 1)
      step(from, last_, "", {});
    else if (shortcut == Shortcut::kWithoutWeights)
      step(from, last_, "", {nn::widen(in, out, stride)});
    else
      step(from, last_, name,
           {convolution("downsample.0", in, out, {1, 1}, {stride, stride}), batch_norm("downsample.1", out)});
    add("", {relu()});
  }

  // A block that begins with batch norm and ReLU, which a projection shares.
  void add_preactivated_block(const std::string& name, int64_t in, int64_t out, int64_t stride) {
    const int64_t from = last_;
    add(name, {batch_norm("bn1", in), relu()});
    const int64_t activated = last_;
    add(name, {conv3x3("conv1", in, out, stride), batch_norm("bn2", out), relu(), conv3x3("conv2", out, out, 1)});
    if (in == out)
      step(from, last_, "", {});
    else
      step(activated, last_, name, {convolution("shortcut", in, out, {1, 1}, {stride, stride})});
  }

  void add_head(int64_t channels, int64_t classes) {
    add("", {nn::global_average_pool(), nn::linear(kHead, channels, classes)});
  }

  NetworkPlan plan() && { return std::move(plan_); }

 private:
  void step(int64_t from, int64_t to, std::string name, Layers layers) {
    plan_.steps.push_back(
        nn::fixed_step(from, to, {std::move(name), std::move(layers), nn::Initialization::kNormalFanOut}));
  }

  NetworkPlan plan_;
  int64_t last_ = 0;
};

std::string block_name(size_t stage, int64_t block) {
  return "layer" + std::to_string(stage + 1) + "." + std::to_string(block);
}

int64_t first_stride(size_t stage, int64_t block) { return stage > 0 && block == 0 ? 2 : 1; }

Layers stem_layers(int64_t in, bool is_small) {
  if (is_small) return {conv3x3("conv1", in, 64, 1), batch_norm("bn1", 64), relu()};
  return {convolution("conv1", in, 64, {7, 7}, {2, 2}, {3, 3}), batch_norm("bn1", 64), relu(),
          nn::max_pool({3, 3}, {2, 2}, {1, 1})};
}

}  // namespace

NetworkPlan plan_resnet(int64_t depth, bool has_small_stem, const DatasetInfo& info) {
  const bool is_narrow = depth == 50;
  const std::array<int64_t, 4> blocks =
      depth == 18 ? std::array<int64_t, 4>{2, 2, 2, 2} : std::array<int64_t, 4>{3, 4, 6, 3};
  Planner planner("the ResNet", info);
  planner.add("", stem_layers(info.channels, has_small_stem));
  int64_t in = 64;
  for (size_t stage = 0; stage < blocks.size(); ++stage) {
    const int64_t narrow = 64 << stage, out = is_narrow ? kBottleneckExpansion * narrow : narrow;
    for (int64_t i = 0; i < blocks[stage]; ++i) {
      const int64_t stride = first_stride(stage, i);
      planner.add_block(block_name(stage, i),
                        is_narrow ? bottleneck_layers(in, narrow, out, stride) : basic_layers(in, out, stride), in, out,
                        stride, Shortcut::kProjection);
      in = out;
    }
  }
  planner.add_head(in, info.classes);
  return std::move(planner).plan();
}

NetworkPlan plan_cifar_resnet(int64_t depth, const DatasetInfo& info) {
  Planner planner("the ResNet", info);
  int64_t in = 16;
  planner.add("", {conv3x3("conv1", info.channels, in, 1), batch_norm("bn1", in), relu()});
  for (size_t stage = 0; stage < 3; ++stage)
    for (int64_t i = 0; i < (depth - 2) / 6; ++i) {
      const int64_t out = 16 << stage, stride = first_stride(stage, i);
      planner.add_block(block_name(stage, i), basic_layers(in, out, stride), in, out, stride,
                        Shortcut::kWithoutWeights);
      in = out;
    }
  planner.add_head(in, info.classes);
  return std::move(planner).plan();
}

NetworkPlan plan_wide_resnet(int64_t depth, int64_t width, const DatasetInfo& info) {
  Planner planner("the wide ResNet", info);
  int64_t in = 16;
  planner.add("", {conv3x3("conv1", info.channels, in, 1)});
  for (size_t stage = 0; stage < 3; ++stage)
    for (int64_t i = 0; i < (depth - 4) / 6; ++i) {
      const int64_t out = width * (16 << stage);
      planner.add_preactivated_block(block_name(stage, i), in, out, first_stride(stage, i));
      in = out;
    }
  planner.add("", {batch_norm("bn1", in), relu()});
  planner.add_head(in, info.classes);
  return std::move(planner).plan();
}

}  // namespace dha::resnet
