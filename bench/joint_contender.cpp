#include "joint_contender.hpp"

#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "dha/plugin.hpp"

namespace dha::bench {

namespace {

using Json = nlohmann::json;

// A searcher with given gates that learns nothing: what makes a step plain.
class FixedGates : public Searcher {
 public:
  static Schema schema() {
    return Schema("Keeps given gates.").json("gates", "active candidates and weights of each choice");
  }

  FixedGates(const Params& params, Context&) {
    const Json gates = Json::parse(params.json("gates"));
    for (const auto& choice : gates.at("choices"))
      gates_.choices.push_back(
          {choice.at("active"), at::tensor(choice.at("weights").get<std::vector<double>>(), at::kFloat), {}, false});
  }
  void attach(const Space&, const Stage&) override {}
  Gates gates(const GateRequest&) override { return gates_; }
  std::string architecture() const override { return "{}"; }

 private:
  Gates gates_;
};

std::string gates_of(Searcher& searcher) {
  Json choices = Json::array();
  for (const ChoiceGates& choice : searcher.gates({}).choices) {
    const at::Tensor weights = choice.weights.detach().to(at::kDouble).contiguous();
    const double* weight = weights.const_data_ptr<double>();
    choices.push_back({{"active", choice.active}, {"weights", std::vector<double>(weight, weight + weights.numel())}});
  }
  return Json{{"choices", choices}}.dump();
}

// Makes dha.ista keep the two candidates of each node that StepSize names.
void pin(Searcher& searcher, const StepSize& size) {
  const auto operations = static_cast<int64_t>(size.operations.size());
  State state = searcher.state();
  Json json = Json::parse(state.json);
  Json& choices = json.at("choices");
  const auto nodes = static_cast<int64_t>(choices.size()) / 2;
  for (int64_t i = 0; i < static_cast<int64_t>(choices.size()); ++i) {
    const int64_t node = i % nodes;
    choices[static_cast<size_t>(i)]["kept"] = {node * operations, (node + 1) * operations + 1};
  }
  state.json = json.dump();
  searcher.restore(state, RestoreReason::kResume);
}

ComponentUse use(const PluginRegistry& registry, const char* kind, const std::string& id, const Json& params) {
  return {id, check_params(registry.find(kind, id).schema_json, params.dump()).completed};
}

StageConfig joint_config(const PluginRegistry& registry, const StepSize& size, const std::string& probe) {
  StageConfig config;
  config.name = "bench";
  Json space{{"channels", size.channels}, {"cells", size.cells}, {"auxiliary_weight", 0.4}};
  if (!size.operations.empty()) space["operations"] = size.operations;
  config.space = use(registry, "space", "dha.cell", space);
  config.searcher = use(registry, "searcher", "dha.ista", Json::object());
  config.augment.push_back(use(registry, "augmenter", "dha.tau", Json::object()));
  config.hyper = use(registry, "hyper_optimizer", "dha.hypergradient",
                     {{"learning_rate", {0.001, 0.05}},
                      {"weight_decay", {1e-4, 5e-4}},
                      {"probe", probe},
                      {"probe_data", "same_batch"}});
  return config;
}

StageConfig config_of(const PluginRegistry& registry, const StepSize& size, const std::string& kind) {
  if (kind != "plain") return joint_config(registry, size, kind);
  const std::string gates = Contender(registry, size, "next").gates();  // those that the joint step starts with
  StageConfig config = joint_config(registry, size, "next");
  config.searcher = use(registry, "searcher", "bench.fixed_gates", {{"gates", Json::parse(gates)}});
  config.augment.front() = use(registry, "augmenter", "dha.random_pairs", Json::object());
  config.hyper = use(registry, "hyper_optimizer", "dha.sgd", {{"learning_rate", 0.025}, {"weight_decay", 3e-4}});
  return config;
}

}  // namespace

DatasetInfo images_of_cifar() {
  DatasetInfo info;
  info.classes = 10;
  info.channels = 3;
  info.height = info.width = 32;
  info.mean = {0.4914, 0.4822, 0.4465};
  info.standard_deviation = {0.2470, 0.2435, 0.2616};
  return info;
}

StageConfig supernet_config(const PluginRegistry& registry, const StepSize& size) {
  return joint_config(registry, size, "next");
}

Contender::Contender(const PluginRegistry& registry, const StepSize& size, const std::string& kind)
    : info_(images_of_cifar()),
      parts_(config_of(registry, size, kind), {registry, {}, info_, at::kFloat, true}, "bench"),
      normalizer_(info_, at::kFloat, true),
      criterion_(0),
      loss_scale_("fp32", at::kCPU),
      batch_{at::randint(256, {size.batch, 3, 32, 32}, at::kByte), at::randint(10, {size.batch}, at::kLong)} {
  if (!size.operations.empty() && kind != "plain") pin(parts_.searcher(), size);
  parts_.make_network();
  step_ = std::make_unique<JointStep>(parts_, data_, normalizer_, criterion_, loss_scale_, options_);
}

double Contender::time() {
  const auto begun = std::chrono::steady_clock::now();
  step_->run(step_->input_for(batch_), {});
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
}

std::string Contender::gates() const { return gates_of(parts_.searcher()); }

void register_fixed_gates(PluginRegistry& registry) {
  static const detail::PluginTables tables(DHA_ABI_TAG, DHA_SDK_VERSION_MINOR, "bench", "1.0.0", "bench", "Apache-2.0",
                                           {component<FixedGates>("bench.fixed_gates")});
  registry.add(*tables.descriptor());
}

}  // namespace dha::bench
