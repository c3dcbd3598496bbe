// Joint steps of the real plugins in float64, and the end of an epoch, against an independent program (joint_step.py).
//
// The pairs that dha.tau draws and the images that they make are data of that program; a test that finds other ones
// than it was given says so. After a change of what is drawn: DHA_WRITE_DRAWS=draws.safetensors joint_step_golden_test,
// then joint_step.py again.
#include <ATen/ops/empty.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>

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
constexpr double kSingle = 1e-7;  // of values that the files have in single precision
constexpr int64_t kSteps = 5, kMoreSteps = 2;

using Tensors = std::map<std::string, at::Tensor>;

std::filesystem::path folder() { return test::source_dir() / "tests/golden/joint_step"; }

// What joint_step.py starts from.
const at::Tensor& given(const std::string& name) {
  static const Tensors start = load_safetensors(folder() / "start.safetensors").tensors;
  return start.at(name);
}

at::Tensor given_weight(const std::string& name) { return given("network/" + name).to(at::kDouble); }

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

StageConfig stage(const Json& settings) {
  StageConfig config;
  config.name = "search";
  config.epochs = 3;
  config.gradient_clip = settings.at("clip");
  config.constraints = settings.at("constraints");
  config.space =
      use("space", "dha.cell", {{"channels", 4}, {"cells", 3}, {"reduction_cells", {1}}, {"auxiliary_weight", 0.4}});
  config.searcher =
      use("searcher", "dha.ista", {{"freeze_distance", settings.at("freeze_distance")}, {"learning_rate", 0.05}});
  config.augment.push_back(use("augmenter", "dha.tau", Json::object()));
  config.hyper = use("hyper_optimizer", "dha.hypergradient",
                     {{"learning_rate", {2e-4, 4e-3}},
                      {"weight_decay", {1e-4, 5e-4}},
                      {"probe", settings.at("probe")},
                      {"nesterov", settings.at("nesterov")},
                      {"probe_rate", settings.at("beta")}});
  return config;
}

// The batches of the second pass.
class ProbeFeed : public BatchFeed {
 public:
  ProbeFeed() : BatchFeed(kSteps + kMoreSteps) {}
  void begin(int64_t, int64_t first_step) override { step_ = first_step; }
  std::optional<Batch> next() override {
    if (step_ == steps()) return std::nullopt;
    return given_batch("probe_", step_++);
  }

 private:
  int64_t step_ = 0;
};

// A stage that stands where joint_step.py starts.
class Search {
 public:
  explicit Search(const Json& settings)
      : info_(image_set()),
        parts_(stage(settings), {registry(), {nullptr, at::kCPU, 3, {}}, info_, at::kDouble, true}, "search"),
        normalizer_(info_, at::kDouble, true),
        criterion_(0),
        loss_scale_("fp64", at::kCPU) {
    parts_.make_network();
    parts_.resume(start());
    data_.probe_batches = std::make_unique<CyclingFeed>(std::make_unique<ProbeFeed>());
    options_.gradient_clip = settings.at("clip");
    options_.precision = "fp64";
    step_ = std::make_unique<JointStep>(parts_, data_, normalizer_, criterion_, loss_scale_, options_);
  }

  // What the coming step will draw for `batch`, without drawing it.
  Augmented coming_draws(const Batch& batch) const {
    GuardedAugmenter& tau = *parts_.augmenters()[0];
    const auto before = tau.context().state();
    const Augmented drawn = tau.apply(batch.images, batch.labels);
    tau.context().restore(before);
    return drawn;
  }

  StepReport step(int64_t index) { return step_->run(step_->input_for(batch(index)), progress(index)); }

  static Batch batch(int64_t index) { return given_batch("", index); }

  void end_epoch() {
    StageSearchServices services(parts_, data_, normalizer_, criterion_, loss_scale_, options_, progress(kSteps - 1),
                                 {});
    parts_.searcher().end_epoch(services);
  }

  Gates gates() const { return parts_.searcher().gates({GatePurpose::kEvaluation, {}}); }

  StageParts& parts() { return parts_; }

 private:
  static Progress progress(int64_t index) { return {index / kSteps, 3, index % kSteps, kSteps}; }

  // The state after make_network() with codes, matrices, tau, weights and statistics of joint_step.py.
  State start() const {
    State state = parts_.state();
    for (auto& [name, tensor] : state.tensors)
      if (name.starts_with("network/") && !name.ends_with(".gate")) tensor = given(name).to(at::kDouble);
    state.tensors["augment.0/logits"] = given("tau");
    state.tensors["searcher/code"] = given("codes");
    Json json = Json::parse(state.json);
    Json searcher = Json::parse(json["searcher"]["state"].get<std::string>());
    int64_t first = 0;
    for (size_t j = 0; j < searcher["choices"].size(); ++j) {
      Json& choice = searcher["choices"][j];
      const std::string& name = parts_.space().choices()[j].name;
      const at::Tensor columns = given(fmt::format("matrix.{}", j)).t().contiguous();
      state.tensors["searcher/columns." + name] = columns;
      state.tensors["searcher/coefficients." + name] = given("coefficients").slice(0, first, first + columns.size(0));
      const int64_t* kept = given("kept").select(0, static_cast<int64_t>(j)).const_data_ptr<int64_t>();
      choice["kept"] = {kept[0], kept[1]};
      first += columns.size(0);
    }
    json["searcher"]["state"] = searcher.dump();
    state.json = json.dump();
    return state;
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

// Relative to the largest value of `expected`.
void check_close(const at::Tensor& found, const at::Tensor& expected, const std::string& what) {
  BOOST_TEST_REQUIRE(found.sizes() == expected.sizes(), what << " has another shape");
  const double scale = expected.abs().max().item<double>();
  const double error = found.to(at::kDouble).sub(expected).abs().max().item<double>();
  BOOST_TEST(error <= kTolerance * scale, what << " differs by " << error << " of " << scale);
}

at::Tensor vector_of(const std::vector<double>& values) {
  at::Tensor tensor = at::empty({static_cast<int64_t>(values.size())}, at::kDouble);
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<double>());
  return tensor;
}

// One case of joint_step.py: what it wrote, read step by step.
class Expected {
 public:
  explicit Expected(const std::string& name) : file_(load_safetensors(folder() / (name + ".safetensors"))) {}

  Json settings() const { return Json::parse(file_.metadata.at("settings")); }
  const at::Tensor& at_end(const std::string& name) const { return file_.tensors.at(name); }
  at::Tensor at_step(const std::string& name, int64_t index) const { return file_.tensors.at(name).select(0, index); }

  void check_state(StageParts& parts, int64_t index) const {
    const State state = parts.state();
    check_close(state.tensors.at("searcher/code"), at_step("codes", index), "b");
    check_large("tau", {{"logits", state.tensors.at("augment.0/logits")}}, index, index);
    std::vector<double> eta;
    for (const NamedTensor& value : parts.hyper().values()) eta.push_back(value.tensor.item<double>());
    BOOST_TEST_REQUIRE(eta.size() == 2U);
    const at::Tensor expected_eta = at_step("eta", index);
    for (int64_t i = 0; i < 2; ++i)
      check_close(vector_of({eta[static_cast<size_t>(i)]}), expected_eta.slice(0, i, i + 1),
                  i == 0 ? "lr" : "weight decay");
    const std::vector<NamedTensor> weights = sorted(parts.named_weights()), buffers = sorted(parts.network().buffers());
    const std::vector<NamedTensor> moved_weights = moved("moved_theta", weights);
    check_large("theta", moved_weights, index, index);
    check_large("momentum", momentum_of(moved_weights, state), index, index);
    check_rest("moved_theta", weights);
    check_rest("moved_statistics", buffers);
    if (index + 1 < kSteps + kMoreSteps) return;
    check_large("statistics", moved("moved_statistics", buffers), index, 0);
    check_close(state.tensors.at("augment.0/logits"), at_end("end_tau"), "tau");
  }

 private:
  static std::vector<NamedTensor> sorted(std::vector<NamedTensor> tensors) {
    std::sort(tensors.begin(), tensors.end(),
              [](const NamedTensor& a, const NamedTensor& b) { return a.name < b.name; });
    return tensors;
  }

  bool is_moved(const std::string& list, size_t number) const {
    return at_end(list).eq(static_cast<int64_t>(number)).any().item<bool>();
  }

  std::vector<NamedTensor> moved(const std::string& list, const std::vector<NamedTensor>& all) const {
    std::vector<NamedTensor> tensors;
    for (size_t i = 0; i < all.size(); ++i)
      if (is_moved(list, i)) tensors.push_back(all[i]);
    return tensors;
  }

  // Zeros where a weight has none yet.
  static std::vector<NamedTensor> momentum_of(std::vector<NamedTensor> weights, const State& state) {
    for (NamedTensor& one : weights) {
      const auto found = state.tensors.find("hyper/momentum/" + one.name);
      one.tensor = found == state.tensors.end() ? at::zeros_like(one.tensor) : found->second;
    }
    return weights;
  }

  // Row `row` of what the files have of `what` is of step `index`. A tensor that is off by 1e-9 of its largest value
  // moves its projection by about as much.
  void check_large(const std::string& what, const std::vector<NamedTensor>& tensors, int64_t index, int64_t row) const {
    const at::Tensor projections = at_step(what, row), largest = at_step(what + "_max", row);
    BOOST_TEST_REQUIRE(projections.numel() == static_cast<int64_t>(tensors.size()));
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

  // Weights and statistics that joint_step.py never moved stand where they began, to the bit.
  void check_rest(const std::string& list, const std::vector<NamedTensor>& all) const {
    for (size_t i = 0; i < all.size(); ++i)
      if (!is_moved(list, i))
        BOOST_TEST(all[i].tensor.detach().equal(given_weight(all[i].name)), all[i].name << " moved");
  }

  SafetensorsFile file_;
};

void check_step(Search& search, const Expected& expected, const Tensors& draws, int64_t index) {
  const Augmented drawn = search.coming_draws(Search::batch(index));
  BOOST_TEST_REQUIRE(drawn.record.equal(draws.at("pairs").select(0, index)),
                     "dha.tau drew other pairs; write draws.safetensors and run joint_step.py again");
  BOOST_TEST_REQUIRE(drawn.images.equal(draws.at("images").select(0, index)), "dha.tau made other images");
  std::vector<at::Tensor> weights;
  for (const ChoiceGates& choice : search.gates().choices) weights.push_back(choice.weights);
  check_close(at::stack(weights), expected.at_step("gates", index), "alpha in the gates");

  const StepReport report = search.step(index);
  check_close(report.losses, expected.at_step("losses", index), "loss");
  const auto metrics = search.parts().hyper().context().take_metrics();
  const at::Tensor gradient = expected.at_step("eta_gradient", index);
  if (metrics.count("hypergradient_learning_rate") == 0) {
    BOOST_TEST(gradient.equal(at::zeros_like(gradient)));
  } else {
    check_close(metrics.at("hypergradient_learning_rate").reshape(1), gradient.slice(0, 0, 1), "dL/dlr");
    check_close(metrics.at("hypergradient_weight_decay").reshape(1), gradient.slice(0, 1, 2), "dL/dwd");
  }
  expected.check_state(search.parts(), index);
}

void check_end_of_epoch(Search& search, const Expected& expected) {
  search.end_epoch();
  const State state = search.parts().state();
  const Json json = Json::parse(state.json);
  const Json choices = Json::parse(json["searcher"]["state"].get<std::string>())["choices"];
  const at::Tensor kept = expected.at_end("end_kept"), frozen = expected.at_end("end_frozen");
  BOOST_TEST_REQUIRE(static_cast<int64_t>(choices.size()) == kept.size(0));
  int64_t first = 0;
  for (size_t j = 0; j < choices.size(); ++j) {
    const auto row = static_cast<int64_t>(j);
    const std::string& name = search.parts().space().choices()[j].name;
    const at::Tensor z = state.tensors.at("searcher/coefficients." + name);
    check_close(z, expected.at_end("end_z").slice(0, first, first + z.numel()), "alpha of " + name);
    first += z.numel();
    check_close(vector_of({choices[j]["distance"].get<double>()}),
                expected.at_end("end_distances").slice(0, row, row + 1), "distance of " + name);
    BOOST_TEST(choices[j]["kept"][0] == kept[row][0].item<int64_t>(), name);
    BOOST_TEST(choices[j]["kept"][1] == kept[row][1].item<int64_t>(), name);
    BOOST_TEST(choices[j]["frozen"].get<bool>() == frozen[row].item<bool>(), name);
  }
}

// Runs on without a golden file, for its first ingredient.
void write_draws(const std::string& file) {
  Search search({{"probe", "batch"},
                 {"nesterov", false},
                 {"clip", 5.0},
                 {"beta", 1e-6},
                 {"freeze_distance", 0.0},
                 {"constraints", ""}});
  std::vector<at::Tensor> pairs, images;
  for (int64_t index = 0; index < kSteps + kMoreSteps; ++index) {
    const Augmented drawn = search.coming_draws(Search::batch(index));
    pairs.push_back(drawn.record);
    images.push_back(drawn.images.clone());
    search.step(index);
    if (index == kSteps - 1) search.end_epoch();
  }
  save_safetensors(file, {{{"pairs", at::stack(pairs)}, {"images", at::stack(images)}}, {}});
}

}  // namespace

BOOST_AUTO_TEST_CASE(joint_steps_equal_an_independent_program) {
  if (const char* file = std::getenv("DHA_WRITE_DRAWS")) return write_draws(file);
  const Tensors draws = load_safetensors(folder() / "draws.safetensors").tensors;
  size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    const std::string name = entry.path().stem().string();
    if (!name.starts_with("batch") && !name.starts_with("next")) continue;
    ++cases;
    BOOST_TEST_CONTEXT(name) {
      const Expected expected(name);
      const double clip = expected.settings().at("clip");
      const at::Tensor norms = expected.at_end("norm");  // of the gradients, before clipping
      BOOST_TEST((clip < 100 ? norms.gt(clip) : norms.lt(clip)).all().item<bool>());
      Search search(expected.settings());
      for (int64_t index = 0; index < kSteps + kMoreSteps; ++index) {
        BOOST_TEST_CONTEXT("step " << index) { check_step(search, expected, draws, index); }
        if (index == kSteps - 1) check_end_of_epoch(search, expected);
      }
    }
  }
  BOOST_TEST(cases == 10U);
}
