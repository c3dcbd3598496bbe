// Search steps of dha.enas and dha.manas with real networks in float64, against an independent program
// (search_step.py).
//
// The paths that the searchers draw are data of that program; a test that finds other ones than it was given says so.
// After a change of what is drawn: DHA_WRITE_DRAWS=draws.safetensors search_step_sampling_golden_test, then
// search_step.py again.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "controller.hpp"
#include "dha/nas/state.hpp"
#include "dha/params.hpp"
#include "golden/joint_step/projection.hpp"
#include "model/normalizer.hpp"
#include "step/joint_step.hpp"
#include "step/search_services.hpp"
#include "storage/safetensors.hpp"
#include "support/paths.hpp"

namespace {

using namespace dha;
using Json = nlohmann::json;

constexpr double kTolerance = 1e-9;
constexpr int64_t kSteps = 3, kOperations = 7;

using Tensors = std::map<std::string, at::Tensor>;

std::filesystem::path folder() { return test::source_dir() / "tests/golden/search_step_sampling"; }

const at::Tensor& given(const std::string& name) {
  static const Tensors start =
      load_safetensors(test::source_dir() / "tests/golden/joint_step/start.safetensors").tensors;
  return start.at(name);
}

Batch given_batch(const std::string& part, int64_t index) {
  return {given(part + "images").select(0, index), given(part + "labels").select(0, index)};
}

const PluginRegistry& registry() {
  static const PluginRegistry loaded = [] {
    PluginRegistry plugins;
    plugins.load_directory(test::build_dir() / "plugins", true);
    return plugins;
  }();
  return loaded;
}

ComponentUse use(const char* kind, const char* id, const Json& params) {
  return {id, check_params(registry().find(kind, id).schema_json, params.dump()).completed};
}

DatasetInfo image_set() {
  DatasetInfo info;
  info.classes = 5;
  info.channels = 3;
  info.height = info.width = given("images").size(-1);
  info.mean = {0.4914, 0.4822, 0.4465};
  info.standard_deviation = {0.2470, 0.2435, 0.2616};
  return info;
}

StageConfig stage(const char* searcher, const Json& params) {
  StageConfig config;
  config.name = "search";
  config.epochs = 1;
  config.gradient_clip = 5;
  config.space =
      use("space", "dha.cell", {{"channels", 4}, {"cells", 3}, {"reduction_cells", {1}}, {"auxiliary_weight", 0.4}});
  config.searcher = use("searcher", searcher, params);
  config.hyper = use("hyper_optimizer", "dha.sgd",
                     {{"learning_rate", 0.01}, {"schedule", "constant"}, {"nesterov", true}, {"weight_decay", 1e-3}});
  return config;
}

class ValidationFeed : public BatchFeed {
 public:
  ValidationFeed() : BatchFeed(given("probe_images").size(0)) {}
  void begin(int64_t, int64_t first_step) override { step_ = first_step; }
  std::optional<Batch> next() override {
    if (step_ == steps()) return std::nullopt;
    return given_batch("probe_", step_++);
  }

 private:
  int64_t step_ = 0;
};

// A stage with the weights of joint_step.py.
class Search {
 public:
  Search(const char* searcher, const Json& params)
      : info_(image_set()),
        parts_(stage(searcher, params), {registry(), {nullptr, at::kCPU, 3, {}}, info_, at::kDouble, true}, "search"),
        normalizer_(info_, at::kDouble, true),
        criterion_(0),
        loss_scale_("fp64", at::kCPU) {
    parts_.make_network();
    State state = parts_.state();
    for (auto& [name, tensor] : state.tensors)
      if (name.starts_with("network/") && !name.ends_with(".gate")) tensor = given(name).to(at::kDouble);
    parts_.resume(state);
    data_.search_batches = std::make_unique<CyclingFeed>(std::make_unique<ValidationFeed>());
    options_.gradient_clip = 5;
    options_.precision = "fp64";
    step_ = std::make_unique<JointStep>(parts_, data_, normalizer_, criterion_, loss_scale_, options_);
  }

  StepReport step(int64_t index) { return step_->run(step_->input_for(given_batch("", index)), {0, 1, index, kSteps}); }

  StageSearchServices services() {
    return {parts_, data_, normalizer_, criterion_, loss_scale_, options_, {0, 1, kSteps - 1, kSteps}, {}};
  }

  // The candidates of the last step.
  Decisions path() const {
    Decisions path;
    const Gates gates = parts_.searcher().gates({GatePurpose::kProbe, {}});
    for (const ChoiceGates& choice : gates.choices) path.push_back(choice.active);
    return path;
  }

  StageParts& parts() { return parts_; }
  at::Tensor searcher_state(const char* name) const { return parts_.searcher().state().tensors.at(name); }

 private:
  DatasetInfo info_;
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

// Sums over many tensors are compared with the largest value in them.
void check_close(double found, double expected, double scale, const std::string& what) {
  BOOST_TEST(std::abs(found - expected) <= kTolerance * scale,
             what << " projects to " << found << ", expected " << expected << " of " << scale);
}

void check_weights(Search& search, const Tensors& expected, int64_t index) {
  double sum = 0, largest = 0;
  for (const NamedTensor& weight : search.parts().named_weights()) {
    sum += test::projection("theta " + weight.name, index, weight.tensor);
    largest = std::max(largest, weight.tensor.abs().max().item<double>());
  }
  check_close(sum, expected.at("theta").select(0, index).item<double>(), largest, "theta");
}

void check_each(const std::string& what, std::vector<NamedTensor> tensors, const Tensors& expected) {
  std::sort(tensors.begin(), tensors.end(), [](const NamedTensor& a, const NamedTensor& b) { return a.name < b.name; });
  const at::Tensor& projections = expected.at("end_" + what);
  BOOST_TEST_REQUIRE(projections.numel() == static_cast<int64_t>(tensors.size()));
  for (size_t i = 0; i < tensors.size(); ++i) {
    const auto& [name, tensor] = tensors[i];
    check_close(test::projection(what + " " + name, kSteps, tensor),
                projections.select(0, static_cast<int64_t>(i)).item<double>(), tensor.abs().max().item<double>(),
                what + " of " + name);
  }
}

// Weights, momentum (zero where a weight never moved) and running statistics.
void check_end(Search& search, const Tensors& expected) {
  const State state = search.parts().state();
  std::vector<NamedTensor> momentum, statistics;
  for (const NamedTensor& weight : search.parts().named_weights()) {
    const auto found = state.tensors.find("hyper/momentum/" + weight.name);
    momentum.push_back({weight.name, found == state.tensors.end() ? at::zeros_like(weight.tensor) : found->second});
  }
  for (const NamedTensor& buffer : search.parts().network().buffers())
    if (buffer.name.find("running") != std::string::npos) statistics.push_back(buffer);
  check_each("theta", search.parts().named_weights(), expected);
  check_each("momentum", momentum, expected);
  check_each("statistics", statistics, expected);
}

void check_step(Search& search, const StepReport& report, const Tensors& expected, int64_t index) {
  check_close(report.losses, expected.at("losses").select(0, index), "loss");
  check_weights(search, expected, index);
}

// (choices, keep)
at::Tensor as_tensor(const std::vector<std::vector<int64_t>>& lists) {
  std::vector<at::Tensor> rows;
  for (const std::vector<int64_t>& list : lists) rows.push_back(at::tensor(list));
  return at::stack(rows);
}

const Json kEnas = {{"units", 6},         {"temperature", 1.5},     {"controller_steps", 2}, {"controller_samples", 3},
                    {"final_samples", 1}, {"entropy_weight", 0.01}, {"baseline_decay", 0.9}};

// Passes requests on, and repeats the draws of the searcher in the same order.
class Listener : public SearchServices {
 public:
  Listener(SearchServices& services, Search& search) : services_(services), search_(search) {
    enas::ControllerOptions options;
    options.units = 6;
    options.temperature = 1.5;
    options.favoured = {"sep_conv_3x3", "sep_conv_5x5"};
    generator_ = search.parts().searcher().context().host_generator().clone();
    controller_.emplace(search.parts().space().choices(), options, generator_.clone());
  }

  const Progress& progress() const override { return services_.progress(); }
  std::vector<at::Tensor> preview_step(const std::vector<at::Tensor>& gradients) override {
    return services_.preview_step(gradients);
  }
  std::vector<NamedTensor> hyper_values() override { return services_.hyper_values(); }

  Evaluation evaluate(const Gates& gates, const EvaluationRequest& request) override {
    const at::NoGradGuard no_grad;
    controller_->variables().copy_(search_.searcher_state("controller"));
    const enas::Draws draws = controller_->sample(generator_).draws;
    for (size_t i = 0; i < draws.size(); ++i)
      BOOST_TEST_REQUIRE(std::is_permutation(draws[i].begin(), draws[i].end(), gates.choices[i].active.begin(),
                                             gates.choices[i].active.end()));
    drawn.push_back(as_tensor(draws));
    return services_.evaluate(gates, request);
  }

  std::vector<at::Tensor> drawn;

 private:
  SearchServices& services_;
  Search& search_;
  at::Generator generator_;
  std::optional<enas::Controller> controller_;
};

// The drawn paths of the steps and the updates, as search_step.py reads them.
Tensors run_enas(Search& search, const Tensors* expected) {
  Tensors draws{{"enas.controller", search.searcher_state("controller").clone()}};
  std::vector<at::Tensor> paths;
  for (int64_t index = 0; index < kSteps; ++index) {
    const StepReport report = search.step(index);
    paths.push_back(as_tensor(search.path()));
    if (expected != nullptr) check_step(search, report, *expected, index);
  }
  StageSearchServices services = search.services();
  Listener listener(services, search);
  search.parts().searcher().end_epoch(listener);
  listener.drawn.pop_back();  // the final sample
  draws["enas.paths"] = at::stack(paths);
  draws["enas.samples"] = at::stack(listener.drawn);
  return draws;
}

// Actions are operations, because the candidates of an edge follow each other.
Tensors run_manas(Search& search, const std::string& name, const Tensors* expected) {
  std::vector<at::Tensor> actions;
  for (int64_t index = 0; index < kSteps; ++index) {
    const StepReport report = search.step(index);
    std::vector<int64_t> of_step;
    for (const std::vector<int64_t>& choice : search.path())
      for (const int64_t candidate : choice) of_step.push_back(candidate % kOperations);
    actions.push_back(at::tensor(of_step));
    if (expected == nullptr) continue;
    check_step(search, report, *expected, index);
    // What the step before came to: its loss is measured before this step.
    if (index > 0)
      check_close(search.searcher_state("policy"), expected->at("policy").select(0, index - 1).flatten(), "policy");
  }
  StageSearchServices services = search.services();
  search.parts().searcher().end_epoch(services);
  return {{name + ".actions", at::stack(actions)}};
}

const std::vector<std::pair<std::string, Json>> kManas = {{"manas", {{"update", "importance"}}},
                                                          {"manas_ls", {{"update", "least_squares"}}}};

void write_draws(const std::string& file) {
  Search enas("dha.enas", kEnas);
  Tensors draws = run_enas(enas, nullptr);
  for (const auto& [name, params] : kManas) {
    Search search("dha.manas", params);
    draws.merge(run_manas(search, name, nullptr));
  }
  save_safetensors(file, {draws, {}});
}

void check_draws(const Tensors& found) {
  const Tensors draws = load_safetensors(folder() / "draws.safetensors").tensors;
  for (const auto& [name, tensor] : found)
    BOOST_TEST_REQUIRE(tensor.equal(draws.at(name)),
                       name << " differs; write draws.safetensors and run search_step.py again");
}

}  // namespace

BOOST_AUTO_TEST_CASE(steps_of_enas_equal_an_independent_program) {
  if (const char* file = std::getenv("DHA_WRITE_DRAWS")) return write_draws(file);
  const Tensors expected = load_safetensors(folder() / "enas.safetensors").tensors;
  Search search("dha.enas", kEnas);
  check_draws(run_enas(search, &expected));
  check_close(search.searcher_state("controller"), expected.at("controller").select(0, 0), "the controller");
  check_close(search.searcher_state("baseline"), expected.at("baseline").select(0, 0), "the baseline");
  check_end(search, expected);
}

BOOST_AUTO_TEST_CASE(steps_of_manas_equal_an_independent_program) {
  if (std::getenv("DHA_WRITE_DRAWS") != nullptr) return;
  for (const auto& [name, params] : kManas) {
    BOOST_TEST_CONTEXT(name) {
      const Tensors expected = load_safetensors(folder() / (name + ".safetensors")).tensors;
      Search search("dha.manas", params);
      check_draws(run_manas(search, name, &expected));
      check_close(search.searcher_state("estimates"), expected.at("estimates").select(0, 0).flatten(), "the estimates");
      if (name == "manas")
        check_close(search.searcher_state("policy"), expected.at("policy").select(0, kSteps - 1).flatten(), "policy");
      check_end(search, expected);
    }
  }
}
