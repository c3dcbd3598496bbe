// A small host that drives real plugin files and prints every result bit for bit. It is built twice: against the SDK,
// and, with DHA_GROWN (the folder of its plugins), against the grown copy of it. The lines of the grown one alone start
// with "grown: ".
#include <ATen/TensorOperators.h>
#include <ATen/core/Reduction.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>

#include <cstdio>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "dha/augmenter.hpp"
#include "dha/hyper_optimizer.hpp"
#include "dha/searcher.hpp"
#include "dha/trial_searcher.hpp"
#include "dha/version.hpp"
#include "support/fake_search_services.hpp"
#include "support/fake_stage.hpp"
#include "support/paths.hpp"
#include "support/plugin_component.hpp"
#include "support/plugin_file.hpp"
#include "support/test_context.hpp"

namespace {

using namespace dha;

#ifdef DHA_GROWN
struct HostContext : test::TestContext {
  int64_t appended() const override { return 2; }
};
struct HostStage : test::FakeStage {
  int64_t appended() const override { return 3; }
};
struct HostServices : test::FakeSearchServices {
  int64_t appended() const override { return 4; }
};
#else
using HostContext = test::TestContext;
using HostStage = test::FakeStage;
using HostServices = test::FakeSearchServices;
#endif

void print(const std::string& name, const std::string& value) { std::printf("%s %s\n", name.c_str(), value.c_str()); }

// Shape, and a hash of the bytes (FNV-1a).
void print(const std::string& name, const at::Tensor& tensor) {
  const at::Tensor whole = tensor.detach().contiguous();
  const auto* bytes = static_cast<const uint8_t*>(whole.const_data_ptr());
  uint64_t hash = 1469598103934665603u;
  for (size_t i = 0; i < whole.nbytes(); ++i) hash = (hash ^ bytes[i]) * 1099511628211u;
  print(name, std::to_string(whole.numel()) + " elements, hash " + std::to_string(hash));
}

// The rule of growth: an appended function is called only on components whose plugin was built with it.
template <class Interface>
void call_appended([[maybe_unused]] const std::string& name, [[maybe_unused]] const dha_plugin& plugin,
                   [[maybe_unused]] const Interface& component) {
#ifdef DHA_GROWN
  const bool has_it = plugin.sdk_minor >= DHA_SDK_VERSION_MINOR;
  print("grown: " + name, has_it ? std::to_string(component.appended()) : "is older");
#endif
}

const dha_plugin& plugin(const std::string& file) { return test::load_plugin(test::build_dir() / file); }

void write_idx(const std::filesystem::path& folder, const char* name, const std::vector<int64_t>& sizes) {
  std::ofstream file(folder / name, std::ios::binary);
  int64_t count = 1;
  file << '\0' << '\0' << '\x08' << static_cast<char>(sizes.size());
  for (const int64_t size : sizes) {
    for (int shift = 24; shift >= 0; shift -= 8) file.put(static_cast<char>(size >> shift));
    count *= size;
  }
  for (int64_t i = 0; i < count; ++i) file.put(static_cast<char>(sizes.size() == 1 ? i % 3 : i * 37 % 251));
}

// Eight images of 12 x 12 px in three classes.
std::unique_ptr<Dataset> open_images(Context& context) {
  const std::filesystem::path folder = context.scratch_directory();
  for (const char* part : {"train", "t10k"}) {
    write_idx(folder, (std::string(part) + "-images-idx3-ubyte").c_str(), {8, 12, 12});
    write_idx(folder, (std::string(part) + "-labels-idx1-ubyte").c_str(), {8});
  }
  const dha_plugin& idx = plugin("plugins/datasets/idx.so");
  auto set = test::component_of<Dataset>(
      idx, "dha.idx", context,
      R"({"path": ")" + folder.string() + R"(", "classes": 3, "height_px": 12, "width_px": 12})");
  set->open();
  call_appended("dataset", idx, *set);
  print("images", set->tensors(Split::kTrain).images);
  return set;
}

Augmented augment(Context& context, const Stage& stage, const ImageTensors& batch) {
  const dha_plugin& flip = plugin("plugins/augment/flip.so");
  const auto augmenter = test::component_of<Augmenter>(flip, "dha.flip", context);
  augmenter->prepare(stage);
  augmenter->begin_epoch({});
  Augmented augmented = augmenter->apply(batch.images, batch.labels);
  augmenter->learn(augmented.record, {});
  call_appended("augmenter", flip, *augmenter);
  print("augmented", augmented.images);
  print("policy", augmenter->policy());
  return augmented;
}

// Gates whose weights are leaves of the host's graph.
Gates as_leaves(Gates gates) {
  for (ChoiceGates& choice : gates.choices)
    choice.weights = choice.weights.detach().clone().set_requires_grad(gates.needs_gradient);
  return gates;
}

std::vector<at::Tensor> tensors_of(const std::vector<NamedTensor>& named) {
  std::vector<at::Tensor> tensors;
  for (const NamedTensor& one : named) tensors.push_back(one.tensor);
  return tensors;
}

void train_step(Network& network, Searcher& searcher, HyperOptimizer& hyper, SearchServices& services,
                const at::Tensor& images, const at::Tensor& labels, const Progress& progress) {
  searcher.before_step(services);
  const Gates gates = as_leaves(searcher.gates({GatePurpose::kWeightStep, progress}));
  const NetworkOutput output = network.forward(images, gates);
  const at::Tensor losses = at::cross_entropy_loss(output.logits, labels, {}, at::Reduction::None);
  losses.mean().backward();
  print("losses", losses);

  const std::vector<at::Tensor> weights = tensors_of(network.parameters());
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& weight : weights) {
    gradients.push_back(weight.grad());
    weight.mutable_grad() = at::Tensor();
  }
  SearchStep step{progress, {}, losses.detach(), output.logits.argmax(1).eq(labels)};
  for (const ChoiceGates& choice : gates.choices) step.gate_gradients.active.push_back(choice.weights.grad());
  step.gate_gradients.observed.resize(gates.choices.size());
  searcher.learn(step);
  if (hyper.probe().time == ProbeTime::kNext) hyper.learn({weights, gradients, progress});
  hyper.step({weights, gradients, progress});
  for (const NamedTensor& value : hyper.values()) print(value.name, value.tensor);
}

void search(Context& context, const HostStage& stage, Space& space, const at::Tensor& images,
            const at::Tensor& labels) {
  const dha_plugin &cell = plugin("plugins/nas/cell.so"), &ista = plugin("plugins/nas/ista.so");
  const dha_plugin& sgd = plugin("plugins/hpo/sgd.so");
  const auto network = space.supernet(at::kFloat);
  const auto searcher = test::component_of<Searcher>(ista, "dha.ista", context);
  const auto hyper = test::component_of<HyperOptimizer>(sgd, "dha.hypergradient", context, R"({"probe": "next"})");
  call_appended("network", cell, *network);
  call_appended("searcher", ista, *searcher);
  call_appended("hyper-optimizer", sgd, *hyper);

  searcher->attach(space, stage);
  hyper->attach(network->parameters(), stage);
  HostServices services;
  services.current = {0, stage.epochs(), 0, 3};
  searcher->begin_epoch(services.current);
  network->begin_epoch(services.current);
  network->set_mode({.batch_statistics = true, .update_statistics = true, .drop_path = 0.1, .auxiliary_head = false});
  for (; services.current.step < 3; ++services.current.step)
    train_step(*network, *searcher, *hyper, services, images, labels, services.current);
  searcher->end_epoch(services);
  hyper->end_epoch({services.current, {{quantity::kTrainLoss, 1}}});
  searcher->end_stage(services);
  for (const NamedTensor& weight : network->parameters()) print(weight.name, weight.tensor);
  print("architecture", searcher->architecture());

  const auto lean = space.lean(searcher->architecture(), at::kFloat);
  const Gates decided = searcher->gates({GatePurpose::kCarry, {}});
  print("carried", std::to_string(space.carry_weights(*network, decided, *lean, CarryMode::kExact)));
  lean->set_mode({.batch_statistics = false, .update_statistics = false, .drop_path = 0, .auxiliary_head = false});
  print("lean logits", lean->forward(images, {}).logits);
  for (const Quantity& cost : space.cost(searcher->architecture())) print(cost.name, std::to_string(cost.value));
}

void search_by_trials(Context& context, const HostStage& stage, const Space& space) {
  const dha_plugin& random = plugin("plugins/nas/random.so");
  const auto searcher = test::component_of<TrialSearcher>(random, "dha.random", context);
  searcher->attach(space, stage);
  for (int i = 0; i < 3; ++i) {
    const std::optional<Trial> trial = searcher->ask();
    print("trial", trial->architecture);
    TrialOutcome outcome;
    outcome.id = trial->id;
    outcome.measurements = {{quantity::kValidationAccuracy, 0.25 * (i % 2)}, {quantity::kValidationLoss, 1}};
    outcome.cost = space.cost(trial->architecture);
    searcher->tell(outcome);
  }
  call_appended("trial searcher", random, *searcher);
  for (const int64_t id : searcher->outcomes()) print("outcome", std::to_string(id));
}

// Components of plugins that were built with the grown SDK: only its host may load them.
void use_what_was_appended([[maybe_unused]] Context& context) {
#ifdef DHA_GROWN
  for (const std::string name : {"plain", "overriding"}) {
    const dha_plugin& appended = test::load_plugin(DHA_GROWN "/" + name + ".so");
    call_appended(name, appended, *test::component_of<Augmenter>(appended, "test." + name, context));
  }
#endif
}

// The SDK library that is loaded: one, however many plugins were linked against another copy of it.
void print_sdk_libraries() {
  std::set<std::string> files;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find("libdha_sdk") != std::string::npos) files.insert(line.substr(line.find('/')));
  print("SDK libraries", std::to_string(files.size()));
#ifdef DHA_GROWN
  const bool is_grown = !files.empty() && files.begin()->find("/grown/lib/") != std::string::npos;
  print("grown: library", is_grown ? "is the grown one" : "is another");
#endif
}

void run() {
  HostContext context;
  const auto set = open_images(context);
  HostStage stage;
  stage.info = set->info();
  stage.planned_trials = 3;
  const Augmented batch = augment(context, stage, set->tensors(Split::kTrain));
  const at::Tensor images = batch.images.to(at::kFloat).div(255);

  const dha_plugin& cell = plugin("plugins/nas/cell.so");
  const auto space =
      test::component_of<Space>(cell, "dha.cell", context, R"({"channels": 4, "cells": 3, "auxiliary_weight": 0})");
  space->prepare(stage.info);
  call_appended("space", cell, *space);
  search(context, stage, *space, images, batch.labels);
  search_by_trials(context, stage, *space);
  use_what_was_appended(context);
  print_sdk_libraries();
}

}  // namespace

int main() {
  try {
    run();
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "growth_host: %s\n", e.what());
    return 1;
  }
}
