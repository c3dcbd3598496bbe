// The time of an architecture step of first-order DARTS, as a searcher asks for it, compared with the forward pass and
// the backward pass to the gates that it consists of: the share of SearchServices::evaluate() that is its own.
//
// usage: search_step [CHANNELS CELLS BATCH]
#include <ATen/Parallel.h>
#include <ATen/ops/full.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <memory>
#include <string>
#include <vector>

#include "component/leaf_gates.hpp"
#include "joint_contender.hpp"
#include "one_batch.hpp"
#include "step/search_services.hpp"
#include "timing.hpp"

namespace {

using namespace dha;
using namespace dha::bench;

constexpr int kRounds = 15;

// Every candidate active with an equal weight, as at the start of DARTS.
Gates all_gates(const Space& space) {
  Gates gates;
  for (const Choice& choice : space.choices()) {
    ChoiceGates all;
    for (int64_t k = 0; k < static_cast<int64_t>(choice.candidates.size()); ++k) all.active.push_back(k);
    all.weights = at::full({static_cast<int64_t>(choice.candidates.size())}, 0.125, at::kFloat);
    gates.choices.push_back(std::move(all));
  }
  return gates;
}

}  // namespace

int main(int argc, char** argv) {
  StepSize size;
  size.batch = 16;
  if (argc == 4) {
    size.channels = std::stoll(argv[1]);
    size.cells = std::stoll(argv[2]);
    size.batch = std::stoll(argv[3]);
  }
  PluginRegistry registry;
  registry.load_directory(DHA_BENCH_PLUGIN_DIR, true);
  const DatasetInfo info = images_of_cifar();
  StageParts parts(supernet_config(registry, size), {registry, {}, info, at::kFloat, true}, "bench");
  parts.make_network();
  const Batch batch = random_batch(size.batch);
  StageData data;
  data.search_batches = std::make_unique<CyclingFeed>(std::make_unique<OneBatch>(batch));
  const Normalizer normalizer(info, at::kFloat, true);
  const Criterion criterion(0);
  LossScale loss_scale("fp32", at::kCPU);
  const StepOptions options;
  StageSearchServices services(parts, data, normalizer, criterion, loss_scale, options, {}, {});
  const Gates gates = all_gates(parts.space());
  EvaluationRequest request;
  request.gate_gradients = true;

  const auto evaluate = [&] { services.evaluate(gates, request); };
  const auto by_hand = [&] {
    const Gates leaves = leaf_gates(gates, at::kFloat, true);
    std::vector<at::Tensor> weights;
    for (const ChoiceGates& choice : leaves.choices) weights.push_back(choice.weights);
    const NetworkOutput output = parts.network().forward(normalizer(batch.images), leaves);
    const at::Tensor loss = criterion(output, batch.labels, parts.network().auxiliary_weight()).mean();
    torch::autograd::grad({loss}, weights, {}, false, false, true);
  };
  const auto with_weights = [&] {
    const Gates leaves = leaf_gates(gates, at::kFloat, true);
    const NetworkOutput output = parts.network().forward(normalizer(batch.images), leaves);
    criterion(output, batch.labels, parts.network().auxiliary_weight()).mean().backward();
    for (const at::Tensor& weight : parts.weights()) weight.mutable_grad().reset();
  };
  evaluate();
  by_hand();
  with_weights();
  std::vector<double> evaluations, passes, ratios, whole;
  for (int i = 0; i < kRounds; ++i) {
    evaluations.push_back(milliseconds(evaluate));
    passes.push_back(milliseconds(by_hand));
    whole.push_back(milliseconds(with_weights));
    ratios.push_back(evaluations.back() / passes.back());
  }
  fmt::print("architecture step of first-order DARTS, supernet of {} channels and {} cells, {} images, {} threads\n",
             size.channels, size.cells, size.batch, at::get_num_threads());
  fmt::print("evaluate() {:.1f} ms, its forward and backward pass {:.1f} ms, ratio {:.3f} (medians of {})\n",
             median(evaluations), median(passes), median(ratios), kRounds);
  fmt::print("with the gradients of all weights {:.1f} ms\n", median(whole));
  return 0;
}
