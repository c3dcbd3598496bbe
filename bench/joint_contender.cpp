#include "joint_contender.hpp"

#include <ATen/ops/tensor.h>

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

StageConfig joint_config(const PluginRegistry& registry, const StepSize& size, const std::string& probe) {
  StageConfig config;
  config.name = "bench";
  Json space{{"channels", size.channels}, {"cells", size.cells}, {"auxiliary_weight", 0.4}};
  if (!size.operations.empty()) space["operations"] = size.operations;
  config.space = component_use(registry, "space", "dha.cell", space);
  config.searcher = component_use(registry, "searcher", "dha.ista", Json::object());
  config.augment.push_back(component_use(registry, "augmenter", "dha.tau", Json::object()));
  config.hyper = component_use(registry, "hyper_optimizer", "dha.hypergradient",
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
  config.searcher = component_use(registry, "searcher", "bench.fixed_gates", {{"gates", Json::parse(gates)}});
  config.augment.front() = component_use(registry, "augmenter", "dha.random_pairs", Json::object());
  config.hyper =
      component_use(registry, "hyper_optimizer", "dha.sgd", {{"learning_rate", 0.025}, {"weight_decay", 3e-4}});
  return config;
}

}  // namespace

StageConfig supernet_config(const PluginRegistry& registry, const StepSize& size) {
  return joint_config(registry, size, "next");
}

Contender::Contender(const PluginRegistry& registry, const StepSize& size, const std::string& kind)
    : StageContender(registry, config_of(registry, size, kind), size.batch) {
  if (!size.operations.empty() && kind != "plain") pin(parts_.searcher(), size);
  begin();
}

std::string Contender::gates() const { return gates_of(parts_.searcher()); }

void register_fixed_gates(PluginRegistry& registry) {
  static const detail::PluginTables tables(DHA_ABI_TAG, DHA_SDK_VERSION_MINOR, "bench", "1.0.0", "bench", "Apache-2.0",
                                           {component<FixedGates>("bench.fixed_gates")});
  registry.add(*tables.descriptor());
}

}  // namespace dha::bench
