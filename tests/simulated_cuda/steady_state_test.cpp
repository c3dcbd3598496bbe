// Whole runs on the simulated CUDA: the CPU's results, and what crosses between host and device in a step.
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <stdlib.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/png_file.hpp"
#include "dha/plugin.hpp"
#include "pipeline/pipeline.hpp"
#include "run/console.hpp"
#include "simulated_cuda/simulated_cuda.hpp"
#include "support/linked_plugin.hpp"
#include "training/pipeline_runner.hpp"

namespace {

using namespace dha;
using Json = nlohmann::ordered_json;
using simulated_cuda::Traffic;
using test::SimulatedCuda;

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
  State state() const override { return {}; }
  void restore(const State&) override {}
  void prepare(const DatasetInfo&) override {}
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
  void learn(const at::Tensor&, const at::Tensor&) override {}
  void end_epoch(const EpochOutcome&) override {}
  std::string policy() const override { return "{}"; }

 private:
  int64_t epoch_ = 0, step_ = 0;
};

// An augmenter that leaves something on the CPU: images, labels, or what it mixes the images with.
class Strays : public Augmenter {
 public:
  static Schema schema() {
    return Schema("Leaves something on the CPU.").choice("what", "what stays there", {"images", "labels", "noise"});
  }
  Strays(const Params& params, Context&) : what_(params.string("what")) {}
  State state() const override { return {}; }
  void restore(const State&) override {}
  void prepare(const DatasetInfo&) override {}
  void begin_epoch(const Progress&) override {}
  Augmented apply(const at::Tensor& images, const at::Tensor& labels) override {
    if (what_ == "noise") return {images + at::ones(images.sizes(), at::kByte), labels, {}};
    return {what_ == "images" ? images.cpu() : images, what_ == "labels" ? labels.cpu() : labels, {}};
  }
  void learn(const at::Tensor&, const at::Tensor&) override {}
  void end_epoch(const EpochOutcome&) override {}
  std::string policy() const override { return "{}"; }

 private:
  std::string what_;
};

// An augmenter that reads a value of the device in each step, and claims that its steps may be replayed.
class Waits : public Augmenter {
 public:
  static Schema schema() { return Schema("Reads a value of the device in each step."); }
  Waits(const Params&, Context&) {}
  State state() const override { return {}; }
  void restore(const State&) override {}
  void prepare(const DatasetInfo&) override {}
  void begin_epoch(const Progress&) override {}
  Augmented apply(const at::Tensor& images, const at::Tensor& labels) override {
    seen_ += labels.max().item<int64_t>();
    return {images, labels, {}};
  }
  void learn(const at::Tensor&, const at::Tensor&) override {}
  void end_epoch(const EpochOutcome&) override {}
  const void* capability(std::string_view id) const override {
    return id == Replay::kCapability ? always_replayable() : nullptr;
  }
  std::string policy() const override { return "{}"; }

 private:
  int64_t seen_ = 0;
};

constexpr int64_t kImages = 64, kSide = 12, kClasses = 4, kBatch = 8, kLogEvery = 4;

uint8_t pixel(int64_t image, int64_t y, int64_t x) {
  const bool bar = x * kClasses / kSide == image % kClasses;
  return static_cast<uint8_t>((bar ? 180 : 30) + (image * 7 + x * 13 + y * 29) % 40);
}

void put_number(std::ofstream& file, int64_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) file.put(static_cast<char>(number >> shift));
}

// An MNIST-format data set whose classes are bars at different places.
void write_idx(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const char* prefix : {"train", "t10k"}) {
    std::ofstream images(folder / (std::string(prefix) + "-images-idx3-ubyte"), std::ios::binary);
    std::ofstream labels(folder / (std::string(prefix) + "-labels-idx1-ubyte"), std::ios::binary);
    for (const int64_t number : {int64_t{0x803}, kImages, kSide, kSide}) put_number(images, number);
    for (const int64_t number : {int64_t{0x801}, kImages}) put_number(labels, number);
    for (int64_t i = 0; i < kImages; ++i) {
      labels.put(static_cast<char>(i % kClasses));
      for (int64_t y = 0; y < kSide; ++y)
        for (int64_t x = 0; x < kSide; ++x) images.put(static_cast<char>(pixel(i, y, x)));
    }
  }
}

// The same as a folder of PNG files, in colour.
void write_folder(const std::filesystem::path& folder) {
  for (const char* split : {"train", "test"})
    for (int64_t i = 0; i < kImages; ++i) {
      const std::filesystem::path place = folder / split / ("class" + std::to_string(i % kClasses));
      std::filesystem::create_directories(place);
      at::Tensor image = at::empty({3, kSide, kSide}, at::kByte);
      auto* values = image.mutable_data_ptr<uint8_t>();
      for (int64_t c = 0; c < 3; ++c)
        for (int64_t y = 0; y < kSide; ++y)
          for (int64_t x = 0; x < kSide; ++x) *values++ = static_cast<uint8_t>(pixel(i, y, x) + 5 * c);
      write_png(place / (std::to_string(i) + ".png"), image);
    }
}

Json search_stage() {
  return Json::parse(R"({
    "name": "search", "epochs": 2, "batch_size": 8, "log_every": 4,
    "space": {"use": "dha.cell", "channels": 4, "cells": 3, "auxiliary_weight": 0.4},
    "searcher": {"use": "dha.ista"},
    "augment": [{"use": "test.marks"}, {"use": "dha.flip"}, {"use": "dha.crop", "padding_px": 2}, {"use": "dha.tau"},
                {"use": "dha.cutout", "size_px": 4}],
    "hyper": {"use": "dha.hypergradient", "learning_rate": [0.001, 0.05], "weight_decay": [1e-4, 5e-4],
              "probe": "next"}})");
}

Json final_stage() {
  return Json::parse(R"({
    "name": "final", "epochs": 1, "batch_size": 8, "log_every": 4, "from": "search", "carry": ["architecture"],
    "drop_path": 0.1, "augment": [{"use": "test.marks"}, {"use": "dha.random_pairs", "magnitude_max": 10}],
    "hyper": {"use": "dha.sgd", "learning_rate": 0.02}})");
}

Json pipeline_of(const std::filesystem::path& idx, const Json& stages) {
  return {
      {"name", "small"},
      {"seed", 3},
      {"dataset",
       {{"use", "dha.idx"}, {"path", idx.string()}, {"classes", kClasses}, {"height_px", kSide}, {"width_px", kSide}}},
      {"stages", stages}};
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The log of the last run().
std::string& last_log() {
  static std::string text;
  return text;
}

// Runs a pipeline and returns the rows of its metrics.
std::vector<Json> run(const test::TemporaryDirectory& folder, Json pipeline, const std::string& device) {
  SimulatedCuda::open();
  setenv("DHA_OPERATORS", "libtorch", 1);  // on the CPU too, so that both runs round alike
  marks().clear();
  pipeline["device"] = device;
  const std::filesystem::path file = folder.path() / "pipeline.json";
  std::ofstream(file) << pipeline.dump();
  PluginRegistry registry;
  registry.load_directory(test::build_dir() / "plugins", true);
  registry.add(*dha_plugin_entry());
  const PipelineConfig config = load_pipeline(file, {}, registry);
  const RunDirectory directory = RunDirectory::create(folder.path() / "runs", config.name + device.substr(0, 4), 3);
  Console console(stderr, Console::Mode::kQuiet);
  PipelineRunner(registry, config, choose_device(device), console, directory).run();
  last_log() = text_of(directory.file("log.txt"));
  std::vector<Json> rows;
  std::ifstream metrics(directory.file("metrics.jsonl"));
  for (std::string line; std::getline(metrics, line);) rows.push_back(Json::parse(line));
  return rows;
}

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

// A stage whose steps may be replayed: without the augmenter that counts.
Json without_marks(Json stage) {
  stage["augment"].erase(0);
  return stage;
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

// Checks all steps but the first three of each epoch.
void check_steps(const Allowed& allowed) {
  int64_t checked = 0;
  for (size_t i = 1; i < marks().size(); ++i) {
    const Mark &before = marks()[i - 1], &mark = marks()[i];
    if (mark.epoch != before.epoch || mark.step < 4) continue;
    // The metrics come to the host behind the last step of an interval.
    const int64_t fetches = mark.step % kLogEvery == 0 ? 1 : 0;
    const Traffic &a = before.traffic, &b = mark.traffic;
    BOOST_TEST_CONTEXT("epoch " << mark.epoch << ", step " << mark.step << ":\n" << mark.crossings) {
      BOOST_TEST(b.synchronisations - a.synchronisations == fetches);
      BOOST_TEST(b.copies_to_host - a.copies_to_host == fetches);
      BOOST_TEST(b.copies_to_device - a.copies_to_device == allowed.copies);
      BOOST_TEST(b.bytes_to_device - a.bytes_to_device == allowed.bytes);
      BOOST_TEST(b.pageable_copies_to_device - a.pageable_copies_to_device == 0);
    }
    ++checked;
  }
  BOOST_TEST(checked > 0);
}

BOOST_AUTO_TEST_SUITE(runs_on_the_simulated_cuda)

BOOST_AUTO_TEST_CASE(a_run_gives_the_cpus_results_and_steps_do_not_wait) {
  const test::TemporaryDirectory folder;
  write_idx(folder.path() / "idx");
  Json pipeline = pipeline_of(folder.path() / "idx", {search_stage(), final_stage()});
  // In float the last bits, which differ between lists of tensors and loops over them, would grow to other decisions.
  pipeline["precision"] = "fp64";
  const std::vector<Json> found = run(folder, pipeline, "cuda");
  check_steps({});
  const std::vector<Json> expected = run(folder, pipeline, "cpu");
  BOOST_TEST_REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) check_alike(found[i], expected[i], "row " + std::to_string(i));
}

BOOST_AUTO_TEST_CASE(a_second_pass_on_other_images_does_not_wait) {
  const test::TemporaryDirectory folder;
  write_idx(folder.path() / "idx");
  for (const char* data : {"train_subset", "same_batch"}) {
    Json stage = search_stage();
    stage["epochs"] = 1;
    stage["hyper"]["probe"] = "batch";
    stage["hyper"]["probe_data"] = data;
    stage["hyper"]["probe_subset"] = 1;  // a new order comes with the first step of an epoch
    stage["hyper"]["nesterov"] = true;
    run(folder, pipeline_of(folder.path() / "idx", Json::array({stage})), "cuda");
    check_steps({});
  }
}

BOOST_AUTO_TEST_CASE(codes_that_learn_from_validation_images_do_not_wait) {
  const test::TemporaryDirectory folder;
  write_idx(folder.path() / "idx");
  Json stage = search_stage();
  stage.update(Json{{"epochs", 1}, {"batch_size", 4}, {"validation_fraction", 0.5}});
  stage["searcher"]["mode"] = "two_stage";
  stage["augment"][3]["sampling"] = "gumbel";
  run(folder, pipeline_of(folder.path() / "idx", Json::array({stage})), "cuda");
  check_steps({});
}

BOOST_AUTO_TEST_CASE(images_that_do_not_fit_the_device_travel_pinned) {
  const test::TemporaryDirectory folder;
  write_idx(folder.path() / "idx");
  Json stage = search_stage();
  stage["epochs"] = 1;
  const Json pipeline = pipeline_of(folder.path() / "idx", Json::array({stage}));
  const std::vector<Json> resident = run(folder, pipeline, "cuda");
  // The 64 images take 9 KB, more than their share of this.
  setenv("DHA_SIMULATED_CUDA_MEMORY", "10000", 1);
  const std::vector<Json> travelling = run(folder, pipeline, "cuda");
  unsetenv("DHA_SIMULATED_CUDA_MEMORY");
  check_steps({2, kBatch * (kSide * kSide + 8)});
  for (size_t i = 0; i < resident.size(); ++i) check_alike(travelling[i], resident[i], "row " + std::to_string(i));
}

BOOST_AUTO_TEST_CASE(images_from_a_folder_travel_pinned) {
  const test::TemporaryDirectory folder;
  write_folder(folder.path() / "images");
  Json stage = search_stage();
  stage["epochs"] = 1;
  Json pipeline = pipeline_of("", Json::array({stage}));
  pipeline["dataset"] = {
      {"use", "dha.image_folder"}, {"path", (folder.path() / "images").string()}, {"size_px", kSide}};
  run(folder, pipeline, "cuda");
  check_steps({2, kBatch * (3 * kSide * kSide + 8)});
}

BOOST_AUTO_TEST_CASE(tensors_on_the_wrong_device_stop_the_run) {
  const test::TemporaryDirectory folder;
  write_idx(folder.path() / "idx");
  for (const std::string what : {"images", "labels", "noise"}) {
    Json stage = search_stage();
    stage["augment"] = Json::array({Json{{"use", "test.strays"}, {"what", what}}});
    const Json pipeline = pipeline_of(folder.path() / "idx", Json::array({stage}));
    BOOST_CHECK_EXCEPTION(run(folder, pipeline, "cuda"), Error, [&](const Error& error) {
      const std::string text = error.what();
      BOOST_TEST_MESSAGE(text);
      return text.find("test.strays") != std::string::npos && text.find("device") != std::string::npos;
    });
  }
}

BOOST_AUTO_TEST_CASE(recorded_steps_do_what_steps_one_by_one_do) {
  const test::TemporaryDirectory folder;
  write_idx(folder.path() / "idx");
  Json probes_same = without_marks(search_stage()), probes_own = probes_same, probes_next = probes_same;
  probes_same["hyper"].update(Json{{"probe", "batch"}, {"probe_data", "same_batch"}, {"nesterov", true}});
  probes_own["hyper"].update(Json{{"probe", "batch"}, {"probe_subset", 0.7}});
  const Json final = without_marks(final_stage());
  for (const auto& [search, precision] :
       {std::pair(probes_next, "fp32"), std::pair(probes_same, "fp16"), std::pair(probes_own, "fp32")}) {
    Json pipeline = pipeline_of(folder.path() / "idx", {search, final});
    pipeline["precision"] = precision;
    const Traffic begin = SimulatedCuda::open().traffic();
    const std::vector<Json> one_by_one = run(folder, pipeline, "cuda");
    const Traffic middle = SimulatedCuda::open().traffic();
    pipeline["graph"] = "auto";
    const std::vector<Json> recorded = run(folder, pipeline, "cuda");
    const Traffic end = SimulatedCuda::open().traffic();
    check_same_rows(recorded, one_by_one);
    for (const char* stage : {"search", "final"})
      BOOST_TEST(last_log().find("stage '" + std::string(stage) + "': steps are recorded and replayed") !=
                 std::string::npos);
    // Three of eight steps an epoch ask for operators one by one.
    BOOST_TEST(2 * (end.operators - middle.operators) < (middle.operators - begin.operators) * 3 / 2);
  }
}

BOOST_AUTO_TEST_CASE(steps_with_a_component_that_cannot_be_replayed_run_one_by_one) {
  const test::TemporaryDirectory folder;
  write_idx(folder.path() / "idx");
  Json pipeline = pipeline_of(folder.path() / "idx", Json::array({search_stage()}));
  const std::vector<Json> expected = run(folder, pipeline, "cuda");
  pipeline["graph"] = "auto";
  check_same_rows(run(folder, pipeline, "cuda"), expected);
  BOOST_TEST(last_log().find("stage 'search': steps run one by one, because test.marks cannot be replayed") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_component_that_promised_too_much_does_not_end_the_run) {
  const test::TemporaryDirectory folder;
  write_idx(folder.path() / "idx");
  Json stage = without_marks(search_stage());
  stage["augment"].push_back({{"use", "test.waits"}});
  Json pipeline = pipeline_of(folder.path() / "idx", Json::array({stage}));
  const std::vector<Json> expected = run(folder, pipeline, "cuda");
  pipeline["graph"] = "auto";
  check_same_rows(run(folder, pipeline, "cuda"), expected);
  BOOST_TEST(last_log().find("a step could not be recorded, so all run one by one") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(half_precision_does_not_wait) {
  const test::TemporaryDirectory folder;
  write_idx(folder.path() / "idx");
  for (const char* precision : {"bf16", "fp16"}) {
    Json stage = search_stage();
    stage["epochs"] = 1;
    Json pipeline = pipeline_of(folder.path() / "idx", Json::array({stage}));
    pipeline["precision"] = precision;
    run(folder, pipeline, "cuda");
    check_steps({});
  }
}

BOOST_AUTO_TEST_CASE(a_loss_that_is_not_finite_stops_the_run_at_the_next_metrics) {
  const test::TemporaryDirectory folder;
  write_idx(folder.path() / "idx");
  Json stage = search_stage();
  stage.update(Json{{"epochs", 8}, {"gradient_clip", 0}});
  stage["hyper"] = {{"use", "dha.sgd"}, {"learning_rate", 100}, {"weight_decay", 1}};
  BOOST_CHECK_EXCEPTION(run(folder, pipeline_of(folder.path() / "idx", Json::array({stage})), "cuda"), Error,
                        [](const Error& error) {
                          return error.code() == ErrorCode::kDiverged &&
                                 std::string(error.what()).find("no longer a finite number") != std::string::npos;
                        });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

DHA_PLUGIN("marks", "1.0.0", "dha", "Apache-2.0", dha::component<Marks>("test.marks"),
           dha::component<Strays>("test.strays"), dha::component<Waits>("test.waits"))
