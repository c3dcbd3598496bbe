// Times a joint step of DHA beside a plain training step of the same network, candidates and augmentation.
//
//   joint_step [channels] [cells] [batch] [rounds]     steps in turn, medians and ratios
//   joint_step --memory plain|next|batch …             a few steps of one kind alone, then the process's peak memory
//
// The plain step runs the same supernet under the same gates, which nothing learns, with plain SGD and uniform pairs.
#include <ATen/Parallel.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "device/memory.hpp"
#include "dha/plugin.hpp"
#include "model/normalizer.hpp"
#include "plugin/plugin_registry.hpp"
#include "training/joint_step.hpp"

namespace {

using namespace dha;

struct Size {
  int64_t channels = 16, cells = 8, batch = 32, rounds = 15;
};

DatasetInfo images_of_cifar() {
  DatasetInfo info;
  info.classes = 10;
  info.channels = 3;
  info.height = info.width = 32;
  info.mean = {0.4914, 0.4822, 0.4465};
  info.standard_deviation = {0.2470, 0.2435, 0.2616};
  return info;
}

// A searcher with given gates that learns nothing: what makes a step plain.
class FixedGates : public Searcher {
 public:
  static Schema schema() {
    return Schema("Keeps given gates.").json("gates", "active candidates and weights of each choice");
  }

  FixedGates(const Params& params, Context&) {
    const nlohmann::json gates = nlohmann::json::parse(params.json("gates"));
    for (const auto& choice : gates.at("choices"))
      gates_.choices.push_back(
          {choice.at("active"), at::tensor(choice.at("weights").get<std::vector<double>>(), at::kFloat), {}, false});
  }
  State state() const override { return {}; }
  void restore(const State&) override {}
  void attach(const Space&) override {}
  void begin_epoch(const Progress&) override {}
  void before_step(SearchServices&) override {}
  Gates gates(const Progress&) override { return gates_; }
  void learn(const SearchStep&) override {}
  void end_epoch(SearchServices&) override {}
  void end_stage(SearchServices&) override {}
  bool finished() const override { return false; }
  std::string architecture() const override { return "{}"; }
  std::string report() const override { return "{}"; }

  // Parameters for the gates that `searcher` starts with.
  static std::string parameters_like(Searcher& searcher) {
    nlohmann::json choices = nlohmann::json::array();
    for (const ChoiceGates& choice : searcher.gates({}).choices) {
      const at::Tensor weights = choice.weights.detach().to(at::kDouble).contiguous();
      const double* weight = weights.const_data_ptr<double>();
      choices.push_back(
          {{"active", choice.active}, {"weights", std::vector<double>(weight, weight + weights.numel())}});
    }
    return nlohmann::json{{"gates", {{"choices", choices}}}}.dump();
  }

 private:
  Gates gates_;
};

// One kind of step with everything that it needs.
class Contender {
 public:
  // `fixed_gates`: parameters of FixedGates, for the plain step.
  Contender(const PluginRegistry& registry, const Size& size, const std::string& kind, const std::string& fixed_gates)
      : info_(images_of_cifar()),
        parts_(config(registry, size, kind, fixed_gates), {registry, {}, info_, at::kFloat, true}, "bench"),
        normalizer_(info_, at::kFloat, true),
        criterion_(0),
        loss_scale_("fp32", at::kCPU) {
    parts_.make_network();
    step_ = std::make_unique<JointStep>(parts_, data_, normalizer_, criterion_, loss_scale_, options_);
  }

  const StageParts& parts() const { return parts_; }

  double time(const Batch& batch) {
    const auto begun = std::chrono::steady_clock::now();
    step_->run(step_->input_for(batch), {});
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
  }

 private:
  static ComponentUse use(const PluginRegistry& registry, const char* kind, const std::string& id,
                          const std::string& params) {
    return {id, check_params(registry.find(kind, id).schema_json, params).completed};
  }

  static StageConfig config(const PluginRegistry& registry, const Size& size, const std::string& kind,
                            const std::string& fixed_gates) {
    StageConfig config;
    config.name = "bench";
    config.space =
        use(registry, "space", "dha.cell",
            fmt::format(R"({{"channels": {}, "cells": {}, "auxiliary_weight": 0.4}})", size.channels, size.cells));
    config.searcher = fixed_gates.empty() ? use(registry, "searcher", "dha.ista", "{}")
                                          : use(registry, "searcher", "bench.fixed_gates", fixed_gates);
    config.augment.push_back(use(registry, "augmenter", kind == "plain" ? "dha.random_pairs" : "dha.tau", "{}"));
    config.hyper = kind == "plain" ? use(registry, "hyper_optimizer", "dha.sgd",
                                         R"({"learning_rate": 0.025, "weight_decay": 3e-4})")
                                   : use(registry, "hyper_optimizer", "dha.hypergradient",
                                         fmt::format(R"({{"learning_rate": [0.001, 0.05], "weight_decay": [1e-4, 5e-4],
                                               "probe": "{}", "probe_data": "same_batch"}})",
                                                     kind));
    return config;
  }

  DatasetInfo info_;
  StageParts parts_;
  StageData data_;
  Normalizer normalizer_;
  Criterion criterion_;
  LossScale loss_scale_;
  StepOptions options_;
  std::unique_ptr<JointStep> step_;
};

Batch random_batch(int64_t size) {
  return {at::randint(256, {size, 3, 32, 32}, at::kByte), at::randint(10, {size}, at::kLong)};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string fixed_gates(const PluginRegistry& registry, const Size& size) {
  const Contender joint(registry, size, "next", "");
  return FixedGates::parameters_like(*joint.parts().searcher().shared());
}

void compare(const PluginRegistry& registry, const Size& size) {
  const Batch batch = random_batch(size.batch);
  const std::vector<std::string> kinds{"plain", "next", "batch"};
  std::vector<std::unique_ptr<Contender>> contenders;
  for (const std::string& kind : kinds)
    contenders.push_back(
        std::make_unique<Contender>(registry, size, kind, kind == "plain" ? fixed_gates(registry, size) : ""));
  std::vector<std::vector<double>> times(kinds.size());
  for (int64_t round = -3; round < size.rounds; ++round)
    for (size_t i = 0; i < kinds.size(); ++i) {
      const double milliseconds = contenders[i]->time(batch);
      if (round >= 0) times[i].push_back(milliseconds);
    }
  fmt::print("C={} cells={} batch={} threads={} rounds={}\n", size.channels, size.cells, size.batch,
             at::get_num_threads(), size.rounds);
  for (size_t i = 0; i < kinds.size(); ++i) {
    std::vector<double> ratios;
    for (size_t round = 0; round < times[i].size(); ++round) ratios.push_back(times[i][round] / times[0][round]);
    fmt::print("{:6} {:8.1f} ms   {:.3f} times plain (median of ratios a round)\n", kinds[i], median(times[i]),
               median(ratios));
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  std::string memory_of;
  if (arguments.size() >= 2 && arguments[0] == "--memory") {
    memory_of = arguments[1];
    arguments.erase(arguments.begin(), arguments.begin() + 2);
  }
  Size size;
  int64_t* const fields[] = {&size.channels, &size.cells, &size.batch, &size.rounds};
  for (size_t i = 0; i < arguments.size() && i < 4; ++i) *fields[i] = std::stoll(arguments[i]);
  PluginRegistry registry;
  registry.load_directory(DHA_BENCH_PLUGIN_DIR, true);
  const detail::PluginTables tables(DHA_ABI_TAG, "bench", "1.0.0", "bench", "Apache-2.0",
                                    {component<FixedGates>("bench.fixed_gates")});
  registry.add(*tables.descriptor());
  if (memory_of.empty()) {
    compare(registry, size);
    return 0;
  }
  Contender contender(registry, size, memory_of, memory_of == "plain" ? fixed_gates(registry, size) : "");
  const double before = static_cast<double>(peak_host_memory_bytes()) / 1e6;
  const Batch batch = random_batch(size.batch);
  for (int64_t i = 0; i < 5; ++i) contender.time(batch);
  fmt::print("{}: {:.0f} MB before the first step, {:.0f} MB at the peak\n", memory_of, before,
             static_cast<double>(peak_host_memory_bytes()) / 1e6);
  return 0;
}
