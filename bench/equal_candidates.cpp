#include "equal_candidates.hpp"

#include <fmt/format.h>

#include "dha/nn/cost.hpp"
#include "dha/nn/planned_network.hpp"
#include "dha/plugin.hpp"

namespace dha::bench {

namespace {

using nn::PlannedNetwork;

constexpr int64_t kExpansion = 3;

nn::Layers block_layers(int64_t channels) {
  const int64_t wide = kExpansion * channels;
  return {nn::convolution("expand", channels, wide, {1, 1}),
          nn::batch_norm("norm1", wide),
          nn::relu6(),
          nn::depthwise("depthwise", wide, 3, 1),
          nn::batch_norm("norm2", wide),
          nn::relu6(),
          nn::convolution("project", wide, channels, {1, 1}),
          nn::batch_norm("norm3", channels)};
}

}  // namespace

Schema EqualCandidates::schema() {
  return Schema("Blocks that choose among candidates that are all alike.")
      .integer("candidates", "candidates of a block")
      .range(1, 64)
      .def(4)
      .integer("blocks", "blocks of the network")
      .range(1, 100)
      .def(8)
      .integer("channels", "channels of every block")
      .range(1, 1024)
      .def(16);
}

EqualCandidates::EqualCandidates(const Params& params, Context& context)
    : candidates_(params.integer("candidates")),
      blocks_(params.integer("blocks")),
      channels_(params.integer("channels")),
      context_(context) {}

void EqualCandidates::prepare(const DatasetInfo& info) {
  nn::NetworkPlan plan{"the network of equal candidates", info.channels, info.height, info.width, {}};
  plan.steps.push_back(
      nn::fixed_step(0, 1, {"stem", {nn::convolution("conv", info.channels, channels_, {3, 3}, {1, 1}, {1, 1})}}));
  for (int64_t i = 0; i < blocks_; ++i) {
    Choice choice{fmt::format("block{}", i), {}, 1, false};
    nn::StepPlan step{i + 1, i + 2, {}, i};
    for (int64_t k = 0; k < candidates_; ++k) {
      choice.candidates.push_back({fmt::format("copy{}", k), 0});
      step.operations.push_back({{fmt::format("blocks.{}.copy{}", i, k), block_layers(channels_)}});
    }
    choices_.push_back(std::move(choice));
    plan.steps.push_back(std::move(step));
    plan.steps.push_back(nn::fixed_step(i + 1, i + 2, {}));
  }
  plan.steps.push_back(
      nn::fixed_step(blocks_ + 1, blocks_ + 2,
                     {"head", {nn::relu(), nn::global_average_pool(), nn::linear("linear", channels_, info.classes)}}));
  plan_ = std::move(plan);
}

std::unique_ptr<Network> EqualCandidates::supernet(const at::TensorOptions& options) {
  return std::make_unique<PlannedNetwork>(plan_.value(), PlannedNetwork::Kind::kSupernet, options, context_);
}

std::unique_ptr<Network> EqualCandidates::lean(const std::string& architecture, const at::TensorOptions& options) {
  return std::make_unique<PlannedNetwork>(nn::decided(plan_.value(), decisions(architecture)),
                                          PlannedNetwork::Kind::kLean, options, context_);
}

Quantities EqualCandidates::cost(const std::string& architecture) const {
  return nn::count(nn::decided(plan_.value(), decisions(architecture)));
}

void register_equal_candidates(PluginRegistry& registry) {
  static const detail::PluginTables tables(DHA_ABI_TAG, DHA_SDK_VERSION_MINOR, "bench_space", "1.0.0", "bench",
                                           "Apache-2.0", {component<EqualCandidates>("bench.equal_candidates")});
  registry.add(*tables.descriptor());
}

}  // namespace dha::bench
