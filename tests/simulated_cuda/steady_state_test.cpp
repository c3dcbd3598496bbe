// Whole runs on the simulated CUDA: the CPU's results, and what crosses between host and device in a step.
#include <ATen/TensorOperators.h>
#include <ATen/ops/ones.h>
#include <stdlib.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "dha/plugin.hpp"
#include "simulated_cuda/simulated_cuda.hpp"
#include "simulated_cuda/small_runs.hpp"

namespace {

using namespace dha;
using simulated_cuda::Traffic;
using namespace dha::test;

// Where a step begins, and what had crossed by then.
struct Mark {
  int64_t epoch = 0, step = 0;
  Traffic traffic;
  std::string crossings;  // since the mark before
};

std::vector<Mark>& marks() {
  static std::vector<Mark> all;
  return all;
}

// An augmenter that changes nothing and notes what crossed since the step before.
class Marks : public Augmenter {
 public:
  static Schema schema() { return Schema("Notes what crossed at each step."); }
  Marks(const Params&, Context&) {}
  void begin_epoch(const Progress& progress) override {
    epoch_ = progress.epoch;
    step_ = 0;
  }
  Augmented apply(const at::Tensor& images, const at::Tensor& labels) override {
    const SimulatedCuda& cuda = SimulatedCuda::open();
    marks().push_back({epoch_, step_++, cuda.traffic(), cuda.crossings()});
    cuda.forget_crossings();
    return {images, labels, {}};
  }

 private:
  int64_t epoch_ = 0, step_ = 0;
};

// An augmenter that reads a value of the device in each step, and claims that its steps may be replayed.
class Waits : public Augmenter {
 public:
  static Schema schema() { return Schema("Reads a value of the device in each step."); }
  Waits(const Params&, Context&) {}
  Augmented apply(const at::Tensor& images, const at::Tensor& labels) override {
    seen_ += labels.max().item<int64_t>();
    return {images, labels, {}};
  }
  void* capability(std::string_view id) override { return id == Replay::kCapability ? always_replayable() : nullptr; }

 private:
  int64_t seen_ = 0;
};

// An augmenter that changes nothing, and whose steps are the same in all epochs.
class Steady : public Augmenter {
 public:
  static Schema schema() { return Schema("Changes nothing."); }
  Steady(const Params&, Context&) {}
  Augmented apply(const at::Tensor& images, const at::Tensor& labels) override { return {images, labels, {}}; }
  void* capability(std::string_view id) override { return id == Replay::kCapability ? always_replayable() : nullptr; }
};

// The steps at which test.probes was asked to learn, as "epoch.step".
std::vector<std::string>& probes() {
  static std::vector<std::string> all;
  return all;
}

// A hyper-optimizer with probe `next` that learns nothing and notes when it should.
class Probes : public HyperOptimizer {
 public:
  static Schema schema() { return Schema("Notes its probes."); }
  Probes(const Params&, Context&) {}
  void attach(const std::vector<NamedTensor>&, const Stage&) override {}
  ProbePlan probe() const override { return {.time = ProbeTime::kNext}; }
  void learn(const WeightStep& step) override {
    probes().push_back(std::to_string(step.progress.epoch) + "." + std::to_string(step.progress.step));
  }
  void step(const WeightStep&) override {}
};

// A searcher whose candidates change from step to step, and whose evaluations do not.
class Samples : public Searcher {
 public:
  static Schema schema() { return Schema("Runs other candidates in each step."); }
  Samples(const Params&, Context& context) : context_(context) {}
  void attach(const Space& space, const Stage&) override { space_ = &space; }
  Gates gates(const GateRequest& request) override {
    if (request.purpose == GatePurpose::kWeightStep) step_ = request.progress.step;
    Gates gates;
    gates.needs_gradient = false;
    for (const std::vector<int64_t>& kept : kept_at(request.purpose == GatePurpose::kEvaluation ? 0 : step_))
      gates.choices.push_back({kept, at::ones({2}, at::TensorOptions(context_.device()).dtype(at::kFloat)), {}, false});
    return gates;
  }
  std::string architecture() const override { return space_->architecture(kept_at(0)); }

 private:
  // One candidate of the first input and one of the last.
  Decisions kept_at(int64_t step) const {
    Decisions kept;
    for (const Choice& choice : space_->choices())
      kept.push_back({step % 3, static_cast<int64_t>(choice.candidates.size()) - 1 - step % 2});
    return kept;
  }

  Context& context_;
  const Space* space_ = nullptr;
  int64_t step_ = 0;
};

// Numbers within a tolerance, all else equal; times are passed over.
void check_alike(const Json& found, const Json& expected, const std::string& place) {
  if (place.ends_with("/time_s") || place.ends_with("/images_per_second")) return;
  if (expected.is_number_float()) {
    const double difference = std::abs(found.get<double>() - expected.get<double>());
    BOOST_TEST(difference <= 1e-5 + 1e-3 * std::abs(expected.get<double>()),
               place << ": " << found << ", on the CPU " << expected);
    return;
  }
  if (!expected.is_structured()) {
    BOOST_TEST(found == expected, place << ": " << found << ", on the CPU " << expected);
    return;
  }
  BOOST_TEST_REQUIRE(found.size() == expected.size(), place);
  for (const auto& [key, value] : expected.items())
    check_alike(expected.is_array() ? found.at(std::stoul(key)) : found.at(key), value, place + "/" + key);
}

// What a step may bring to the device.
struct Allowed {
  int64_t copies = 0, bytes = 0;
};

// Every step of `epochs` epochs from the step `first` of each on.
std::vector<std::string> steps_from(int64_t first, int64_t epochs) {
  std::vector<std::string> steps;
  for (int64_t epoch = 0; epoch < epochs; ++epoch)
    for (int64_t step = first; step < kStepsPerEpoch; ++step)
      steps.push_back(std::to_string(epoch) + "." + std::to_string(step));
  return steps;
}

// The rows of a run whose steps run one by one, and of the same run with recorded ones, are the same but for times.
void check_same_rows(const std::vector<Json>& found, const std::vector<Json>& expected) {
  BOOST_TEST_REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    Json a = found[i], b = expected[i];
    for (const char* time : {"time_s", "images_per_second"}) {
      a.erase(time);
      b.erase(time);
    }
    BOOST_TEST(a.dump() == b.dump());
  }
}

// What crossed from one step to the next. Metrics come to the host at once, behind the last step of an interval.
void check_step(const Traffic& a, const Traffic& b, bool fetches, const Allowed& allowed) {
  BOOST_TEST(b.synchronisations - a.synchronisations == (fetches ? 1 : 0));
  BOOST_TEST(b.copies_to_host - a.copies_to_host == (fetches ? 1 : 0));
  BOOST_TEST(b.copies_to_device - a.copies_to_device == allowed.copies);
  BOOST_TEST(b.bytes_to_device - a.bytes_to_device == allowed.bytes);
  BOOST_TEST(b.pageable_copies_to_device - a.pageable_copies_to_device == 0);
}

struct Runs {
  Runs() { write_idx(idx); }

  Json pipeline(const Json& stages) const { return pipeline_of(idx, stages); }

  std::vector<Json> on(const char* device, const Json& pipeline) {
    const FinishedRun finished = run(folder, pipeline, device);
    log = finished.log;
    return finished.rows;
  }

  // How often steps are recorded in a run with recorded steps, whose rows are those of one with steps one by one.
  int64_t recordings(Json pipeline, uint32_t sdk_minor = DHA_SDK_VERSION_MINOR) const {
    const std::vector<Json> one_by_one = run(folder, pipeline, "cuda", sdk_minor).rows;
    const int64_t before = SimulatedCuda::open().traffic().recordings;
    pipeline["graph"] = "auto";
    check_same_rows(run(folder, pipeline, "cuda", sdk_minor).rows, one_by_one);
    return SimulatedCuda::open().traffic().recordings - before;
  }

  // Runs with the augmenter that counts ahead of every stage's own, and checks what crossed in all steps but the first
  // three of each epoch.
  std::vector<Json> counted(Json pipeline, const Allowed& allowed = {}) {
    for (Json& stage : pipeline["stages"])
      stage["augment"].insert(stage["augment"].begin(), Json{{"use", "test.marks"}});
    marks().clear();
    const std::vector<Json> rows = on("cuda", pipeline);
    const int64_t log_every = pipeline["stages"][0]["log_every"];
    int64_t checked = 0;
    for (size_t i = 1; i < marks().size(); ++i) {
      const Mark &before = marks()[i - 1], &mark = marks()[i];
      if (mark.epoch != before.epoch || mark.step < 4) continue;
      BOOST_TEST_CONTEXT("epoch " << mark.epoch << ", step " << mark.step << ":\n" << mark.crossings) {
        check_step(before.traffic, mark.traffic, mark.step % log_every == 0, allowed);
      }
      ++checked;
    }
    BOOST_TEST(checked > 0);
    return rows;
  }

  TemporaryDirectory folder;
  const std::filesystem::path idx = folder.path() / "idx";
  std::string log;  // of the last run
};

// The search in one epoch.
Json short_search() {
  Json stage = search_stage();
  stage["epochs"] = 1;
  return stage;
}

BOOST_FIXTURE_TEST_SUITE(runs_on_the_simulated_cuda, Runs)

BOOST_AUTO_TEST_CASE(a_run_gives_the_cpus_results_and_steps_do_not_wait) {
  Json both = pipeline({search_stage(), final_stage()});
  // In float the last bits, which differ between lists of tensors and loops over them, would grow to other decisions.
  both["precision"] = "fp64";
  counted(both);
  const std::vector<Json> found = on("cuda", both), expected = on("cpu", both);
  BOOST_TEST_REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) check_alike(found[i], expected[i], "row " + std::to_string(i));
}

BOOST_AUTO_TEST_CASE(a_second_pass_on_other_images_does_not_wait) {
  for (const char* data : {"train_subset", "same_batch"}) {
    Json stage = short_search();
    stage["hyper"]["probe"] = "batch";
    stage["hyper"]["probe_data"] = data;
    stage["hyper"]["probe_subset"] = 1;  // a new order comes with the first step of an epoch
    stage["hyper"]["nesterov"] = true;
    counted(pipeline(Json::array({stage})));
  }
}

BOOST_AUTO_TEST_CASE(codes_that_learn_from_validation_images_do_not_wait) {
  Json stage = short_search();
  stage.update(Json{{"batch_size", 4}, {"validation_fraction", 0.5}});
  stage["searcher"]["mode"] = "two_stage";
  stage["augment"][2]["sampling"] = "gumbel";
  counted(pipeline(Json::array({stage})));
}

// The last one learns nothing in this epoch: its architecture steps wait for their gradients.
BOOST_AUTO_TEST_CASE(searches_by_gradients_of_validation_images_do_not_wait) {
  const Json searchers[] = {{{"use", "dha.darts"}, {"order", 1}},
                            {{"use", "dha.darts"}, {"order", 2}},
                            {{"use", "dha.pdarts"}, {"warm_up_epochs", 0}},
                            {{"use", "dha.proxyless"}, {"warm_up_epochs", 0}, {"architecture_interval", 1000}}};
  for (const Json& searcher : searchers) {
    Json stage = short_search();
    stage.update(Json{{"batch_size", 4}, {"validation_fraction", 0.5}});
    stage["searcher"] = searcher;
    stage["space"].update(Json{{"nodes", 1}, {"operations", {"none", "skip_connect", "sep_conv_3x3"}}});
    counted(pipeline(Json::array({stage})));
  }
}

BOOST_AUTO_TEST_CASE(metrics_come_to_the_host_once_an_interval) {
  for (const int64_t log_every : {int64_t{1}, int64_t{5}, 10 * kStepsPerEpoch}) {
    Json stage = short_search();
    stage["log_every"] = log_every;
    counted(pipeline(Json::array({stage})));
  }
}

BOOST_AUTO_TEST_CASE(images_that_do_not_fit_the_device_travel_pinned) {
  const Json search = pipeline(Json::array({short_search()}));
  const std::vector<Json> resident = counted(search);
  // The 64 images take 9 KB, more than their share of this.
  setenv("DHA_SIMULATED_CUDA_MEMORY", "10000", 1);
  const std::vector<Json> travelling = counted(search, {2, kBatch * (kSide * kSide + 8)});
  unsetenv("DHA_SIMULATED_CUDA_MEMORY");
  for (size_t i = 0; i < resident.size(); ++i) check_alike(travelling[i], resident[i], "row " + std::to_string(i));
}

BOOST_AUTO_TEST_CASE(images_from_a_folder_travel_pinned) {
  const std::string images = (folder.path() / "images").string();
  write_folder(images);
  Json search = pipeline(Json::array({short_search()}));
  search["dataset"] = {{"use", "dha.image_folder"}, {"path", images}, {"size_px", kSide}};
  counted(search, {2, kBatch * (3 * kSide * kSide + 8)});
}

BOOST_AUTO_TEST_CASE(half_precision_does_not_wait) {
  for (const char* precision : {"bf16", "fp16"}) {
    Json search = pipeline(Json::array({short_search()}));
    search["precision"] = precision;
    counted(search);
  }
}

BOOST_AUTO_TEST_CASE(recorded_steps_do_what_steps_one_by_one_do) {
  const SimulatedCuda& cuda = SimulatedCuda::open();
  Json probes_next = search_stage(), probes_same = probes_next, probes_own = probes_next;
  probes_same["hyper"].update(Json{{"probe", "batch"}, {"probe_data", "same_batch"}, {"nesterov", true}});
  probes_own["hyper"].update(Json{{"probe", "batch"}, {"probe_subset", 0.7}});
  for (const auto& [search, precision] :
       {std::pair(probes_next, "fp32"), std::pair(probes_same, "fp16"), std::pair(probes_own, "fp32")}) {
    Json both = pipeline({search, final_stage()});
    both["precision"] = precision;
    const Traffic begin = cuda.traffic();
    const std::vector<Json> one_by_one = on("cuda", both);
    const Traffic middle = cuda.traffic();
    both["graph"] = "auto";
    const std::vector<Json> recorded = on("cuda", both);
    const Traffic end = cuda.traffic();
    check_same_rows(recorded, one_by_one);
    for (const char* stage : {"search", "final"})
      BOOST_TEST(log.find("stage '" + std::string(stage) + "': steps are recorded and replayed") != std::string::npos);
    // Three of eight steps per epoch ask for operators one by one.
    BOOST_TEST(2 * (end.operators - middle.operators) < (middle.operators - begin.operators) * 3 / 2);
  }
}

// The first two steps of an epoch run one by one, the third is recorded and replayed as all behind it.
BOOST_AUTO_TEST_CASE(recorded_steps_do_not_wait) {
  constexpr int64_t kReplays = kStepsPerEpoch - 2;
  const SimulatedCuda& cuda = SimulatedCuda::open();
  const std::string images = (folder.path() / "images").string();
  write_folder(images);
  Json resident = pipeline(Json::array({search_stage()})), travelling = resident, probing = resident;
  travelling["dataset"] = {{"use", "dha.image_folder"}, {"path", images}, {"size_px", kSide}};
  probing["precision"] = "fp16";
  probing["stages"][0]["hyper"].update(Json{{"probe", "batch"}, {"probe_subset", 1}});
  for (auto& [search, allowed] :
       {std::pair(resident, Allowed{}), std::pair(travelling, Allowed{2, kBatch * (3 * kSide * kSide + 8)}),
        std::pair(probing, Allowed{})}) {
    Json recorded = search;
    recorded["graph"] = "auto";
    const size_t first = cuda.traffic_at_replays().size();
    on("cuda", recorded);
    const std::vector<Traffic> replays = cuda.traffic_at_replays();
    BOOST_TEST_REQUIRE(replays.size() == first + 2 * kReplays);
    const int64_t log_every = recorded["stages"][0]["log_every"];
    for (int64_t i = 1; i < 2 * kReplays; ++i) {
      if (i % kReplays == 0) continue;
      const int64_t steps_done = 2 + i % kReplays;
      const Traffic* const at = &replays[first + static_cast<size_t>(i)];
      BOOST_TEST_CONTEXT("replay " << i) { check_step(at[-1], at[0], steps_done % log_every == 0, allowed); }
    }
  }
}

// Four epochs each. A search whose choices all freeze at the end of the first epoch goes on with the same gates.
BOOST_AUTO_TEST_CASE(steps_are_recorded_again_only_if_something_changed) {
  Json search = search_stage(), train = final_stage();
  search.update(Json{{"epochs", 4}});
  Json moving = search;
  search["searcher"]["freeze_distance"] = 1000;
  moving["searcher"]["freeze_distance"] = 0;
  train.update(Json{{"epochs", 4}, {"drop_path", 0}});
  train["hyper"]["schedule"] = "constant";
  Json warming = train, dropping = train;
  warming["hyper"]["warm_up_epochs"] = 2;  // the rates 1/2, 1, 1, 1 of the peak
  dropping["drop_path"] = 0.1;
  BOOST_TEST(recordings(pipeline(Json::array({search}))) == 2);
  BOOST_TEST(recordings(pipeline(Json::array({moving}))) == 4);
  search["epochs"] = 1;
  BOOST_TEST(recordings(pipeline({search, train})) == 1 + 1);
  BOOST_TEST(recordings(pipeline({search, warming})) == 1 + 2);
  BOOST_TEST(recordings(pipeline({search, dropping})) == 1 + 4);
}

BOOST_AUTO_TEST_CASE(a_recording_is_not_kept_on_a_device_without_room_for_single_steps) {
  Json search = search_stage();
  search["epochs"] = 3;
  search["searcher"]["freeze_distance"] = 1000;
  setenv("DHA_SIMULATED_CUDA_MEMORY", "10000", 1);
  BOOST_TEST(recordings(pipeline(Json::array({search}))) == 3);
  unsetenv("DHA_SIMULATED_CUDA_MEMORY");
}

// always_replayable() promised nothing about other epochs then.
BOOST_AUTO_TEST_CASE(a_plugin_of_an_older_sdk_is_not_asked_for_its_revision) {
  Json search = search_stage();
  search["epochs"] = 3;
  search["searcher"]["freeze_distance"] = 1000;
  search["augment"].push_back({{"use", "test.steady"}});
  BOOST_TEST(recordings(pipeline(Json::array({search}))) == 2);
  BOOST_TEST(recordings(pipeline(Json::array({search})), 0) == 3);
}

BOOST_AUTO_TEST_CASE(a_search_probes_no_step_across_epochs) {
  Json search = search_stage(), train = final_stage();
  train["epochs"] = 2;
  search["hyper"] = train["hyper"] = {{"use", "test.probes"}};
  probes().clear();
  on("cpu", pipeline({search, train}));
  std::vector<std::string> expected = steps_from(1, 2);
  const std::vector<std::string> of_train = steps_from(0, 2);
  expected.insert(expected.end(), of_train.begin(), of_train.end());
  BOOST_TEST(probes() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(steps_with_a_component_that_cannot_be_replayed_run_one_by_one) {
  Json search = pipeline(Json::array({search_stage()}));
  const std::vector<Json> expected = counted(search);
  search["graph"] = "auto";
  check_same_rows(counted(search), expected);
  BOOST_TEST(log.find("stage 'search': steps run one by one, because test.marks cannot be replayed") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_search_that_samples_runs_one_by_one_and_records_nothing) {
  const SimulatedCuda& cuda = SimulatedCuda::open();
  Json stage = search_stage();
  stage["searcher"] = {{"use", "test.samples"}};
  Json search = pipeline(Json::array({stage}));
  const std::vector<Json> expected = on("cuda", search);
  const size_t replays = cuda.traffic_at_replays().size();
  search["graph"] = "auto";
  check_same_rows(on("cuda", search), expected);
  BOOST_TEST(cuda.traffic_at_replays().size() == replays);
  BOOST_TEST(log.find("stage 'search': steps run one by one, because test.samples cannot be replayed") !=
             std::string::npos);
}

// What a failed recording leaves of a device can only be left by a new process, which continues from the checkpoint.
BOOST_AUTO_TEST_CASE(a_component_that_promised_too_much_ends_the_run_with_a_checkpoint) {
  Json stage = search_stage();
  stage["augment"].push_back({{"use", "test.waits"}});
  Json search = pipeline(Json::array({stage}));
  const std::vector<Json> expected = on("cuda", search);
  search["graph"] = "auto";
  BOOST_CHECK_EXCEPTION(on("cuda", search), Error, [](const Error& error) {
    const std::string text = error.what();
    return error.code() == ErrorCode::kDevice && text.find("stage 'search': a step could not be recorded") == 0 &&
           text.find("resume RUN --set graph=off") != std::string::npos &&
           text.find("search-0000.000002.safetensors") != std::string::npos;
  });
  BOOST_CHECK_EXCEPTION(on("cuda", search), Error, [](const Error& error) {
    return std::string(error.what()).find("an earlier recording has failed") != std::string::npos;
  });
  SimulatedCuda::open().recover();
  check_same_rows(resume_without_graph(folder, "cuda").rows, expected);
}

BOOST_AUTO_TEST_CASE(a_loss_that_is_not_finite_stops_the_run_at_the_next_metrics) {
  Json stage = search_stage();
  stage.update(Json{{"epochs", 8}, {"gradient_clip", 0}});
  stage["hyper"] = {{"use", "dha.sgd"}, {"learning_rate", 100}, {"weight_decay", 1}};
  BOOST_CHECK_EXCEPTION(on("cuda", pipeline(Json::array({stage}))), Error, [](const Error& error) {
    return error.code() == ErrorCode::kDiverged &&
           std::string(error.what()).find("no longer a finite number") != std::string::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

DHA_PLUGIN("marks", "1.0.0", "dha", "Apache-2.0", dha::component<Marks>("test.marks"),
           dha::component<Waits>("test.waits"), dha::component<Samples>("test.samples"),
           dha::component<Steady>("test.steady"), dha::component<Probes>("test.probes"))
