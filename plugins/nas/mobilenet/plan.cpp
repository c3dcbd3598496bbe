#include "plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace dha::mobilenet {

namespace {

using nn::batch_norm, nn::convolution, nn::relu6;
using nn::BlockPlan, nn::Layers, nn::NetworkPlan;

constexpr double kEpsilon = 1e-3;
constexpr int64_t kLargeImage = 128;
constexpr int64_t kStemChannels = 32, kFirstChannels = 16, kHeadChannels = 1280;
constexpr std::array<int64_t, kStages> kChannels{24, 40, 80, 96, 192, 320};
constexpr std::array<int64_t, 3> kKernels{3, 5, 7};
constexpr std::array<int64_t, 2> kExpansions{3, 6};

struct BlockShape {
  int64_t in, out, stride;
  bool has_shortcut() const { return stride == 1 && in == out; }
};

int64_t stem_stride(const Settings& settings, bool large) { return settings.stem_stride.value_or(large ? 2 : 1); }

// Of all searched blocks, in their order.
std::vector<BlockShape> block_shapes(const Settings& settings, bool large) {
  const std::vector<int64_t> strides = settings.strides.value_or(large ? std::vector<int64_t>{2, 2, 2, 1, 2, 1}
                                                                       : std::vector<int64_t>{1, 2, 2, 1, 2, 1});
  std::vector<BlockShape> blocks;
  int64_t in = scaled_channels(kFirstChannels, settings.width_multiplier);
  for (size_t stage = 0; stage < kStages; ++stage) {
    const int64_t out = scaled_channels(kChannels[stage], settings.width_multiplier);
    for (int64_t i = 0; i < settings.depths[stage]; ++i) {
      blocks.push_back({in, out, i == 0 ? strides[stage] : 1});
      in = out;
    }
  }
  return blocks;
}

BlockPlan initialised(std::string name, Layers layers) {
  return {std::move(name), std::move(layers), nn::Initialization::kNormalFanOut};
}

// Inverted residual: 1x1 expansion, depthwise, 1x1 projection. An expansion of 1 has no convolution of its own.
Layers mobile_layers(const BlockShape& shape, int64_t kernel, int64_t expansion) {
  const int64_t wide = shape.in * expansion;
  Layers layers;
  if (expansion > 1)
    layers = {convolution("expand", shape.in, wide, {1, 1}), batch_norm("norm1", wide, true, kEpsilon), relu6()};
  for (nn::Layer& layer :
       Layers{nn::depthwise("depthwise", wide, kernel, shape.stride), batch_norm("norm2", wide, true, kEpsilon),
              relu6(), convolution("project", wide, shape.out, {1, 1}), batch_norm("norm3", shape.out, true, kEpsilon)})
    layers.push_back(std::move(layer));
  return layers;
}

// In the order of the candidates.
struct Candidate {
  std::string name;
  int64_t kernel, expansion;  // of "zero": 0
};

std::vector<Candidate> candidates_of(const BlockShape& shape) {
  std::vector<Candidate> candidates;
  for (const int64_t kernel : kKernels)
    for (const int64_t expansion : kExpansions)
      candidates.push_back({"mbconv_k" + std::to_string(kernel) + "_e" + std::to_string(expansion), kernel, expansion});
  if (shape.has_shortcut()) candidates.push_back({"zero", 0, 0});
  return candidates;
}

}  // namespace

int64_t scaled_channels(int64_t value, double multiplier) {
  const double wanted = static_cast<double>(value) * multiplier;
  const int64_t rounded = std::max<int64_t>(8, static_cast<int64_t>(wanted + 4) / 8 * 8);
  return static_cast<double>(rounded) < 0.9 * wanted ? rounded + 8 : rounded;
}

bool is_large(const DatasetInfo& info) { return std::min(info.height, info.width) >= kLargeImage; }

std::vector<Choice> make_choices(const Settings& settings, bool is_large) {
  std::vector<Choice> choices;
  for (const BlockShape& shape : block_shapes(settings, is_large)) {
    Choice choice{"block" + std::to_string(choices.size()), {}, 1, false};
    for (const Candidate& candidate : candidates_of(shape)) choice.candidates.push_back({candidate.name, 0});
    choices.push_back(std::move(choice));
  }
  return choices;
}

NetworkPlan plan_supernet(const Settings& settings, const DatasetInfo& info) {
  const bool large = is_large(info);
  const double multiplier = settings.width_multiplier;
  const int64_t stem = scaled_channels(kStemChannels, multiplier), stride = stem_stride(settings, large);
  const std::vector<BlockShape> shapes = block_shapes(settings, large);
  NetworkPlan plan{"the MobileNet network", info.channels, info.height, info.width, {}};
  plan.waits_for_decisions = settings.waits_for_decisions;
  plan.steps.push_back(
      nn::fixed_step(0, 1,
                     initialised("stem", {convolution("conv", info.channels, stem, {3, 3}, {stride, stride}, {1, 1}),
                                          batch_norm("norm", stem, true, kEpsilon), relu6()})));
  plan.steps.push_back(nn::fixed_step(1, 2, initialised("first", mobile_layers({stem, shapes.front().in, 1}, 3, 1))));
  int64_t last = 2;
  for (size_t i = 0; i < shapes.size(); ++i) {
    const std::string prefix = "blocks." + std::to_string(i) + ".";
    nn::StepPlan step{last, last + 1, {}, static_cast<int64_t>(i), shapes[i].has_shortcut()};
    for (const Candidate& candidate : candidates_of(shapes[i])) {
      const bool is_zero = candidate.kernel == 0;
      Layers layers = is_zero ? Layers{} : mobile_layers(shapes[i], candidate.kernel, candidate.expansion);
      step.operations.push_back({initialised(prefix + candidate.name, std::move(layers)), is_zero});
    }
    plan.steps.push_back(std::move(step));
    if (shapes[i].has_shortcut()) plan.steps.push_back(nn::fixed_step(last, last + 1, {}));
    ++last;
  }
  const int64_t wide = scaled_channels(kHeadChannels, std::max(1.0, multiplier));
  plan.steps.push_back(nn::fixed_step(
      last, last + 1,
      initialised("head",
                  {convolution("conv", shapes.back().out, wide, {1, 1}), batch_norm("norm", wide, true, kEpsilon),
                   relu6(), nn::global_average_pool(), nn::linear("linear", wide, info.classes)})));
  return plan;
}

}  // namespace dha::mobilenet
