// What an evaluation for a searcher measures, and that it leaves the network as it was, whatever is asked for and
// whatever goes wrong.
#include "step/search_services.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>

#include "data/batch_feed.hpp"
#include "dha/plugin.hpp"
#include "stage/stage_measurements.hpp"
#include "step/joint_step.hpp"
#include "support/counting_dataset.hpp"
#include "support/toy_space.hpp"

namespace {

using namespace dha;

constexpr int64_t kClasses = 3, kFeatures = test::CountingDataset::kSide * test::CountingDataset::kSide;
constexpr double kDropPath = 0.25;

// A linear network with everything that an evaluation could leave behind: statistics, a head for training, a weight
// that takes no part. It throws on request at the worst moment, with its statistics updated.
class WatchedNetwork : public Network {
 public:
  explicit WatchedNetwork(const at::TensorOptions& options, const at::Generator& generator)
      : mean_(at::zeros({kFeatures}, options)), batches_(at::zeros({}, options.dtype(at::kLong))) {
    for (const char* name : {"main", "auxiliary", "idle"})
      weights_.push_back({name, at::randn({kFeatures, kClasses}, generator, options).requires_grad_(true)});
  }

  NetworkOutput forward(const at::Tensor& images, const Gates& gates) override {
    seen = mode;
    at::Tensor features = images.flatten(1);
    if (mode.update_statistics) {
      const at::NoGradGuard no_grad;
      mean_.mul_(0.9).add_(features.mean(0), 0.1);
      batches_.add_(1);
    }
    if (throws) throw std::runtime_error("no more");
    features = features - (mode.batch_statistics ? features.mean(0) : mean_);
    NetworkOutput output;
    output.logits = at::matmul(features, weights_[0].tensor) * gates.choices[0].weights.sum() * (1 - mode.drop_path);
    if (mode.auxiliary_head) output.auxiliary_logits = at::matmul(features, weights_[1].tensor);
    return output;
  }

  std::vector<NamedTensor> parameters() const override { return weights_; }
  std::vector<NamedTensor> buffers() const override { return {{"mean", mean_}, {"batches", batches_}}; }
  void set_mode(const NetworkMode& wanted) override { mode = wanted; }
  double auxiliary_weight() const override { return 0.4; }

  bool throws = false;
  NetworkMode mode;
  NetworkMode seen;  // at the last forward()

 private:
  std::vector<NamedTensor> weights_;
  at::Tensor mean_, batches_;
};

class WatchedSpace : public test::ToySpace {
 public:
  static Schema schema() { return Schema("A network that is watched."); }
  WatchedSpace(const Params&, Context& context)
      : ToySpace({test::toy_choice("block", 1, 3, 2, false)}, &context), context_(context) {}
  std::unique_ptr<Network> supernet(const at::TensorOptions& options) override {
    return std::make_unique<WatchedNetwork>(options, context_.shared_generator());
  }

 private:
  Context& context_;
};

class Undecided : public Searcher {
 public:
  static Schema schema() { return Schema("Decides nothing."); }
  Undecided(const Params&, Context&) {}
  void attach(const Space&, const Stage&) override {}
  Gates gates(const GateRequest&) override { return {}; }
  std::string architecture() const override { return ""; }
};

class Idle : public HyperOptimizer {
 public:
  static Schema schema() { return Schema("Moves nothing."); }
  Idle(const Params&, Context&) {}
  void attach(const std::vector<NamedTensor>&, const Stage&) override {}
  void step(const WeightStep&) override {}
};

PluginRegistry registry() {
  static const detail::PluginTables tables(
      DHA_ABI_TAG, DHA_SDK_VERSION_MINOR, "watched", "1.0.0", "test", "Apache-2.0",
      {component<WatchedSpace>("test.watched"), component<Undecided>("test.undecided"), component<Idle>("test.idle")});
  PluginRegistry registry;
  registry.add(*tables.descriptor());
  return registry;
}

StageConfig stage() {
  StageConfig config;
  config.name = "search";
  config.space = {"test.watched", "{}"};
  config.searcher = {"test.undecided", "{}"};
  config.hyper = {"test.idle", "{}"};
  return config;
}

struct Watched {
  Watched() {
    parts.make_network();
    parts.set_drop_path(kDropPath);
    std::vector<int64_t> all(24);
    std::iota(all.begin(), all.end(), int64_t{0});
    const ImageSet images(dataset, Split::kTrain, all);
    const FeedOptions options{.batch_size = 7};
    data.validation = make_feed(images, options);
    data.calibration = make_feed(images, options);
    data.search_batches = std::make_unique<CyclingFeed>(make_feed(images, options));
    step_options.precision = "fp64";
    gates.choices.push_back({{0, 2}, at::ones({2}, at::kDouble).mul_(0.6), {}, false});
  }

  StageSearchServices services() {
    const at::Tensor images = at::randn({5, 1, 4, 4}, at::TensorOptions(at::kDouble));
    return StageSearchServices(parts, data, normalizer, criterion, loss_scale, step_options, {},
                               {images, dataset.labels(Split::kTrain).slice(0, 0, 5)});
  }

  WatchedNetwork& network() { return static_cast<WatchedNetwork&>(parts.network().object()); }

  // What every weight has gathered before, or nothing.
  void set_gradients(bool defined) {
    for (const at::Tensor& weight : parts.weights())
      weight.mutable_grad() = defined ? at::full_like(weight.detach(), 3) : at::Tensor();
  }

  PluginRegistry plugins = registry();
  OpenDataset dataset{"test.counting", std::make_shared<test::CountingDataset>(24, 0, kClasses, true)};
  StageParts parts{stage(), {plugins, {nullptr, at::kCPU, 3, {}}, dataset.info(), at::kDouble, false}, "search"};
  StageData data;
  Normalizer normalizer{dataset.info(), at::kDouble, false};
  Criterion criterion{0};
  LossScale loss_scale{"fp32", at::kCPU};
  StepOptions step_options;
  Gates gates;
};

// Everything of a network that must not change, to the bit.
class Snapshot {
 public:
  explicit Snapshot(const StageParts& parts) : parts_(parts) {
    for (const at::Tensor& tensor : watched()) before_.push_back(tensor.defined() ? tensor.clone() : tensor);
  }

  void check_unchanged() const {
    const std::vector<at::Tensor> after = watched();
    BOOST_TEST_REQUIRE(after.size() == before_.size());
    for (size_t i = 0; i < after.size(); ++i) {
      BOOST_TEST_REQUIRE(after[i].defined() == before_[i].defined(), "tensor " << i);
      if (after[i].defined()) BOOST_TEST(after[i].equal(before_[i]), "tensor " << i);
    }
    const auto& network = static_cast<const WatchedNetwork&>(parts_.network().object());
    BOOST_TEST(network.mode.batch_statistics);
    BOOST_TEST(network.mode.update_statistics);
    BOOST_TEST(network.mode.auxiliary_head);
    BOOST_TEST(network.mode.drop_path == kDropPath);
  }

 private:
  std::vector<at::Tensor> watched() const {
    std::vector<at::Tensor> tensors;
    for (const at::Tensor& weight : parts_.weights()) {
      tensors.push_back(weight.detach());
      tensors.push_back(weight.grad());
    }
    for (const NamedTensor& buffer : parts_.network().buffers()) tensors.push_back(buffer.tensor);
    return tensors;
  }

  const StageParts& parts_;
  std::vector<at::Tensor> before_;
};

std::vector<at::Tensor> moves(const StageParts& parts) {
  std::vector<at::Tensor> displacement;
  for (const at::Tensor& weight : parts.weights()) displacement.push_back(at::randn(weight.sizes(), weight.options()));
  displacement[1] = at::Tensor();
  return displacement;
}

// Calls `check` with every request that a searcher can make, ahead of weights with and without gradients.
template <class Check>
void for_each_request(Watched& stage, Check check) {
  for (const auto data : {EvaluationData::kTrainingBatch, EvaluationData::kNextValidation,
                          EvaluationData::kSameValidation, EvaluationData::kWholeValidation})
    for (const auto mode :
         {EvaluationMode::kTraining, EvaluationMode::kBatchStatistics, EvaluationMode::kRunningStatistics})
      for (int bits = 0; bits < 16; ++bits) {
        EvaluationRequest request;
        request.data = data;
        request.mode = mode;
        request.gate_gradients = (bits & 1) != 0;
        request.weight_gradients = (bits & 2) != 0;
        if ((bits & 4) != 0) request.displacement = moves(stage.parts);
        request.scale = -0.3;
        stage.set_gradients((bits & 8) != 0);
        BOOST_TEST_CONTEXT("data " << static_cast<int>(data) << ", mode " << static_cast<int>(mode) << ", bits "
                                   << bits) {
          check(request);
        }
      }
}

BOOST_AUTO_TEST_SUITE(search_services)

// JSON has no notation for it; the checkpoint of a search whose validation came to nothing must be readable.
BOOST_AUTO_TEST_CASE(a_measurement_that_is_not_finite_is_read_again) {
  const Measurement measured{{{"loss", std::numeric_limits<double>::infinity()}, {"accuracy", 0.25}}, 8};
  const auto text = to_json(std::optional(measured)).dump();
  const std::optional<Measurement> read = measurement_from_json(nlohmann::ordered_json::parse(text));
  BOOST_TEST_REQUIRE(read.has_value());
  BOOST_TEST(std::isnan(read->loss()));
  BOOST_TEST(read->accuracy() == 0.25);
  BOOST_TEST(read->images == 8);
}

BOOST_AUTO_TEST_CASE(an_evaluation_leaves_everything_as_it_was) {
  Watched stage;
  StageSearchServices services = stage.services();
  for_each_request(stage, [&](const EvaluationRequest& request) {
    const Snapshot before(stage.parts);
    const Evaluation evaluation = services.evaluate(stage.gates, request);
    before.check_unchanged();
    const bool is_whole = request.data == EvaluationData::kWholeValidation;
    BOOST_TEST(evaluation.gate_gradients.active.empty() == (is_whole || !request.gate_gradients));
    BOOST_TEST(evaluation.weight_gradients.empty() == (is_whole || !request.weight_gradients));
    BOOST_TEST(!evaluation.loss.requires_grad());
    BOOST_TEST(!stage.gates.choices[0].weights.grad().defined());
  });
}

// Statistics of other gates: four batches, repeated until fifty have passed.
BOOST_AUTO_TEST_CASE(running_statistics_are_recomputed_for_gates_that_need_it) {
  Watched stage;
  StageSearchServices services = stage.services();
  EvaluationRequest request;
  request.data = EvaluationData::kWholeValidation;
  const double plain = services.evaluate(stage.gates, request).loss.item<double>();
  std::vector<at::Tensor> trained;
  for (const NamedTensor& buffer : stage.parts.network().buffers()) trained.push_back(buffer.tensor.clone());
  for (int repeat = 0; repeat < 13; ++repeat) {
    stage.data.calibration->begin(0, 0);
    while (const std::optional<Batch> batch = stage.data.calibration->next())
      stage.parts.network().forward(stage.normalizer(batch->images), stage.gates);
  }
  const double expected = services.evaluate(stage.gates, request).loss.item<double>();
  for (size_t i = 0; i < trained.size(); ++i) stage.parts.network().buffers()[i].tensor.copy_(trained[i]);
  const Snapshot before(stage.parts);
  stage.gates.needs_calibration = true;
  BOOST_TEST(services.evaluate(stage.gates, request).loss.item<double>() == expected);
  BOOST_TEST(expected != plain);
  before.check_unchanged();
  stage.network().throws = true;
  BOOST_CHECK_THROW(services.evaluate(stage.gates, request), Error);
  before.check_unchanged();
}

BOOST_AUTO_TEST_CASE(a_network_that_throws_is_left_as_it_was) {
  Watched stage;
  StageSearchServices services = stage.services();
  for_each_request(stage, [&](const EvaluationRequest& request) {
    const Snapshot before(stage.parts);
    stage.network().throws = true;
    BOOST_CHECK_EXCEPTION(services.evaluate(stage.gates, request), Error, [](const Error& e) {
      return e.code() == ErrorCode::kPluginFault && std::string(e.what()) == "test.watched: forward: no more";
    });
    stage.network().throws = false;
    before.check_unchanged();
  });
}

BOOST_AUTO_TEST_CASE(what_is_measured_at_a_displacement_is_what_weights_that_stand_there_give) {
  Watched stage, moved;
  StageSearchServices services = stage.services();
  StageSearchServices there = moved.services();
  EvaluationRequest request;
  request.data = EvaluationData::kNextValidation;
  request.gate_gradients = request.weight_gradients = true;
  request.scale = 0.7;
  for (const auto mode :
       {EvaluationMode::kTraining, EvaluationMode::kBatchStatistics, EvaluationMode::kRunningStatistics}) {
    request.mode = mode;
    request.displacement = moves(stage.parts);
    const std::vector<at::Tensor>& weights = moved.parts.weights();
    {
      const at::NoGradGuard no_grad;
      for (size_t i = 0; i < weights.size(); ++i) {
        weights[i].copy_(stage.parts.weights()[i]);
        if (request.displacement[i].defined()) weights[i].add_(request.displacement[i], request.scale);
      }
    }
    stage.set_gradients(true);  // what a weight gathered before is no part of the answer
    const Evaluation found = services.evaluate(stage.gates, request);
    request.displacement.clear();
    const Evaluation expected = there.evaluate(moved.gates, request);
    BOOST_TEST(found.loss.equal(expected.loss));
    BOOST_TEST(found.accuracy.equal(expected.accuracy));
    BOOST_TEST(found.gate_gradients.active[0].equal(expected.gate_gradients.active[0]));
    for (size_t i = 0; i < weights.size(); ++i) {
      const at::Tensor& gradient = found.weight_gradients.at(i);
      // The head for training takes part in that mode only, the last weight in none.
      BOOST_TEST(gradient.defined() == (i == 0 || (i == 1 && mode == EvaluationMode::kTraining)));
      if (gradient.defined()) BOOST_TEST(gradient.equal(expected.weight_gradients[i]));
    }
    request.data = EvaluationData::kSameValidation;
  }
}

BOOST_AUTO_TEST_CASE(modes_are_what_they_are_called) {
  Watched stage;
  StageSearchServices services = stage.services();
  EvaluationRequest request;
  request.data = EvaluationData::kTrainingBatch;
  const auto seen_in = [&](EvaluationMode mode) {
    request.mode = mode;
    services.evaluate(stage.gates, request);
    return stage.network().seen;
  };
  const auto check = [&](const NetworkMode& seen, bool batch_statistics, double drop_path, bool auxiliary_head) {
    BOOST_TEST(seen.batch_statistics == batch_statistics);
    BOOST_TEST(!seen.update_statistics);
    BOOST_TEST(seen.drop_path == drop_path);
    BOOST_TEST(seen.auxiliary_head == auxiliary_head);
  };
  check(seen_in(EvaluationMode::kTraining), true, kDropPath, true);
  check(seen_in(EvaluationMode::kBatchStatistics), true, 0, false);
  check(seen_in(EvaluationMode::kRunningStatistics), false, 0, false);
  request.data = EvaluationData::kWholeValidation;
  check(seen_in(EvaluationMode::kTraining), false, 0, false);
}

BOOST_AUTO_TEST_CASE(the_same_validation_batch_comes_again_until_the_next_is_asked_for) {
  Watched stage;
  StageSearchServices services = stage.services();
  const auto loss_on = [&](EvaluationData data) {
    EvaluationRequest request;
    request.data = data;
    return services.evaluate(stage.gates, request).loss.item<double>();
  };
  const double first = loss_on(EvaluationData::kSameValidation);  // none was given yet
  BOOST_TEST(loss_on(EvaluationData::kSameValidation) == first);
  const double second = loss_on(EvaluationData::kNextValidation);
  BOOST_TEST(second != first);
  BOOST_TEST(loss_on(EvaluationData::kSameValidation) == second);
}

BOOST_AUTO_TEST_CASE(wrong_displacements_are_refused) {
  Watched stage;
  StageSearchServices services = stage.services();
  EvaluationRequest request;
  std::vector<at::Tensor> short_list = moves(stage.parts), long_list = short_list, other_shape = short_list;
  short_list.pop_back();
  long_list.emplace_back();
  other_shape[2] = at::ones({1}, at::kDouble);
  for (const std::vector<at::Tensor>& wrong : {short_list, long_list, other_shape}) {
    request.displacement = wrong;
    const Snapshot before(stage.parts);
    BOOST_CHECK_EXCEPTION(services.evaluate(stage.gates, request), Error, [](const Error& e) {
      return e.code() == ErrorCode::kContractViolation &&
             std::string(e.what()).starts_with("test.undecided requested an evaluation at displaced weights");
    });
    before.check_unchanged();
  }
}

BOOST_AUTO_TEST_CASE(data_that_is_not_there_is_an_error_and_moves_no_weight) {
  Watched stage;
  stage.data.search_batches.reset();
  stage.data.validation.reset();
  StageSearchServices services(stage.parts, stage.data, stage.normalizer, stage.criterion, stage.loss_scale,
                               stage.step_options, {}, {});
  for_each_request(stage, [&](const EvaluationRequest& request) {
    const Snapshot before(stage.parts);
    const ErrorCode expected =
        request.data == EvaluationData::kTrainingBatch ? ErrorCode::kContractViolation : ErrorCode::kInvalidConfig;
    BOOST_CHECK_EXCEPTION(services.evaluate(stage.gates, request), Error,
                          [&](const Error& e) { return e.code() == expected; });
    before.check_unchanged();
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
