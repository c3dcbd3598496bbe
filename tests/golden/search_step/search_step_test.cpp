// Search steps of the real plugins in float64 against an independent program (search_step.py): an architecture step on
// a validation batch, then a weight step.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dha/params.hpp"
#include "golden/joint_step/projection.hpp"
#include "model/normalizer.hpp"
#include "step/joint_step.hpp"
#include "storage/safetensors.hpp"
#include "support/paths.hpp"

namespace {

using namespace dha;
using Json = nlohmann::json;

constexpr double kTolerance = 1e-9;
constexpr double kSingle = 1e-7;  // of values that the files have in single precision
constexpr int64_t kSteps = 3, kBatch = 4, kSide = 16, kClasses = 5;
constexpr uint64_t kSeed = 5;  // of the paths of ProxylessNAS

const std::vector<std::string> kOperations{"none", "max_pool_3x3", "skip_connect", "sep_conv_3x3", "dil_conv_3x3"};

std::filesystem::path folder() { return test::source_dir() / "tests/golden/search_step"; }

// The start values of search_step.py.
at::Tensor start_of(const std::string& name, at::IntArrayRef shape) {
  const at::Tensor value = test::direction("start " + name, 0, shape);
  if (name.ends_with("running_var") || (name.find("norm") != std::string::npos && name.ends_with(".weight")))
    return value / 4 + 1;
  if (value.dim() < 2) return value / 4;
  const auto fan_in = static_cast<double>(value[0].numel());
  return value * std::ldexp(1, -static_cast<int>(std::floor(std::log2(fan_in) / 2 + 0.5)));
}

Batch batch(const std::string& part, int64_t index) {
  const at::Tensor values = test::direction(part, index, {kBatch, 3, kSide, kSide});
  const at::Tensor labels = at::arange(kBatch).add(index + static_cast<int64_t>(part.size())).remainder(kClasses);
  return {values.add(1).mul(115).to(at::kByte), labels};
}

const PluginRegistry& registry() {
  static const PluginRegistry loaded = [] {
    PluginRegistry plugins;
    plugins.load_directory(test::build_dir() / "plugins", true);
    return plugins;
  }();
  return loaded;
}

ComponentUse use(const char* kind, const std::string& id, const Json& params) {
  return {id, check_params(registry().find(kind, id).schema_json, params.dump()).completed};
}

ComponentUse searcher_of(const Json& settings) {
  Json params{{"learning_rate", 0.02}, {"betas", {0.5, 0.999}}, {"weight_decay", 1e-3}};
  const std::string method = settings.at("method");
  if (method == "darts") params["order"] = settings.at("order");
  if (method != "darts") params["warm_up_epochs"] = 0;
  if (method == "pdarts") params["gradient_clip"] = settings.at("clip");
  if (method == "proxyless") {
    params["architecture_interval"] = 1;
    params["gradient"] = settings.at("gradient");
  }
  return use("searcher", "dha." + method, params);
}

StageConfig stage(const Json& settings) {
  StageConfig config;
  config.name = "search";
  config.epochs = 1;
  config.space = use("space", "dha.cell",
                     {{"channels", 4},
                      {"cells", 3},
                      {"nodes", 2},
                      {"reduction_cells", {1}},
                      {"operations", kOperations},
                      {"candidate_affine", "trained"},
                      {"auxiliary_weight", 0.4}});
  config.searcher = searcher_of(settings);
  config.hyper =
      use("hyper_optimizer", "dha.sgd", {{"learning_rate", 0.1}, {"weight_decay", 3e-3}, {"schedule", "constant"}});
  return config;
}

DatasetInfo image_set() {
  DatasetInfo info;
  info.classes = kClasses;
  info.channels = 3;
  info.height = info.width = kSide;
  info.mean = {0.4914, 0.4822, 0.4465};
  info.standard_deviation = {0.2470, 0.2435, 0.2616};
  return info;
}

class ValidationFeed : public BatchFeed {
 public:
  ValidationFeed() : BatchFeed(kSteps) {}
  void begin(int64_t, int64_t first_step) override { step_ = first_step; }
  std::optional<Batch> next() override {
    if (step_ == steps()) return std::nullopt;
    return batch("validation", step_++);
  }

 private:
  int64_t step_ = 0;
};

// A stage that stands where search_step.py starts.
class Search {
 public:
  explicit Search(const Json& settings)
      : info_(image_set()),
        alpha_(settings.at("method") == "proxyless" ? "searcher/scores" : "searcher/alpha"),
        parts_(stage(settings), {registry(), {nullptr, at::kCPU, 3, {}}, info_, at::kDouble, true}, "search"),
        normalizer_(info_, at::kDouble, true),
        criterion_(0),
        loss_scale_("fp64", at::kCPU) {
    parts_.make_network();
    parts_.resume(start(settings.at("method") == "pdarts"));
    parts_.searcher().context().host_generator().set_current_seed(kSeed);
    data_.search_batches = std::make_unique<CyclingFeed>(std::make_unique<ValidationFeed>());
    options_.gradient_clip = 2;
    options_.precision = "fp64";
    step_ = std::make_unique<JointStep>(parts_, data_, normalizer_, criterion_, loss_scale_, options_);
  }

  StepReport step(int64_t index) { return step_->run(step_->input_for(batch("images", index)), {0, 1, index, kSteps}); }

  at::Tensor alpha() const { return parts_.state().tensors.at(alpha_); }
  StageParts& parts() { return parts_; }

 private:
  State start(bool closes) const {
    State state = parts_.state();
    for (auto& [name, tensor] : state.tensors)
      if (name.starts_with("network/")) tensor = start_of(name.substr(8), tensor.sizes());
    state.tensors[alpha_] = test::direction("alpha", 0, state.tensors.at(alpha_).sizes()) / 2;
    if (!closes) return state;
    Json json = Json::parse(state.json);
    Json searcher = Json::parse(json["searcher"]["state"].get<std::string>());
    searcher["open"] = open_candidates();
    json["searcher"]["state"] = searcher.dump();
    state.json = json.dump();
    return state;
  }

  // Those that earlier stages of P-DARTS left: three of five on each edge.
  std::vector<std::vector<int64_t>> open_candidates() const {
    std::vector<std::vector<int64_t>> open;
    for (const Choice& choice : parts_.space().choices()) {
      open.emplace_back();
      for (int64_t k = 0; k < static_cast<int64_t>(choice.candidates.size()); ++k)
        if (const int64_t rest = (k + k / 5) % 5; rest != 0 && rest != 3) open.back().push_back(k);
    }
    return open;
  }

  DatasetInfo info_;
  std::string alpha_;
  StageParts parts_;
  StageData data_;
  Normalizer normalizer_;
  Criterion criterion_;
  LossScale loss_scale_;
  StepOptions options_;
  std::unique_ptr<JointStep> step_;
};

// Relative to the largest value of `expected`.
void check_close(const at::Tensor& found, const at::Tensor& expected, const std::string& what) {
  BOOST_TEST_REQUIRE(found.sizes() == expected.sizes(), what << " has another shape");
  const double scale = expected.abs().max().item<double>();
  const double error = found.to(at::kDouble).sub(expected).abs().max().item<double>();
  BOOST_TEST(error <= kTolerance * scale, what << " differs by " << error << " of " << scale);
}

// One case of search_step.py: what it wrote, read step by step.
class Expected {
 public:
  explicit Expected(const std::filesystem::path& file) : file_(load_safetensors(file)) {}

  Json settings() const { return Json::parse(file_.metadata.at("settings")); }
  at::Tensor at_step(const std::string& name, int64_t index) const { return file_.tensors.at(name).select(0, index); }

  void check_state(Search& search, int64_t index) const {
    const State state = search.parts().state();
    check_close(search.alpha(), at_step("alpha", index), "alpha");
    check_close(state.tensors.at("searcher/adam.average"), at_step("average", index), "Adam's average");
    const std::vector<NamedTensor> weights = search.parts().named_weights();
    check_large("theta", weights, index);
    check_large("momentum", momentum_of(weights, state), index);
    check_large("statistics", search.parts().network().buffers(), index);
  }

 private:
  // Zeros where a weight has none yet.
  static std::vector<NamedTensor> momentum_of(std::vector<NamedTensor> weights, const State& state) {
    for (NamedTensor& one : weights) {
      const auto found = state.tensors.find("hyper/momentum/" + one.name);
      one.tensor = found == state.tensors.end() ? at::zeros_like(one.tensor) : found->second;
    }
    return weights;
  }

  // A tensor that is off by 1e-9 of its largest value moves its projection by about as much.
  void check_large(const std::string& what, std::vector<NamedTensor> tensors, int64_t index) const {
    std::sort(tensors.begin(), tensors.end(),
              [](const NamedTensor& a, const NamedTensor& b) { return a.name < b.name; });
    const at::Tensor projections = at_step(what, index), largest = at_step(what + "_max", index);
    BOOST_TEST_REQUIRE(projections.numel() == static_cast<int64_t>(tensors.size()), what);
    for (size_t i = 0; i < tensors.size(); ++i) {
      const auto& [name, tensor] = tensors[i];
      const auto column = static_cast<int64_t>(i);
      const double scale = largest[column].item<double>(), reached = tensor.abs().max().item<double>();
      BOOST_TEST(std::abs(reached - scale) <= kSingle * scale,
                 what << " of " << name << " reaches " << reached << ", expected " << scale);
      const double wanted = projections[column].item<double>();
      const double found = test::projection(what + " " + name, index, tensor);
      BOOST_TEST(std::abs(found - wanted) <= kTolerance * scale,
                 what << " of " << name << " projects to " << found << ", expected " << wanted << " of " << scale);
    }
  }

  SafetensorsFile file_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(search_steps_equal_an_independent_program) {
  size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    if (entry.path().extension() != ".safetensors") continue;
    ++cases;
    BOOST_TEST_CONTEXT(entry.path().stem().string()) {
      const Expected expected(entry.path());
      Search search(expected.settings());
      for (int64_t index = 0; index < kSteps; ++index) {
        BOOST_TEST_CONTEXT("step " << index) {
          check_close(search.step(index).losses, expected.at_step("losses", index), "loss");
          expected.check_state(search, index);
        }
      }
    }
  }
  BOOST_TEST(cases == 6U);
}
