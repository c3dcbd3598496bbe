#include "simulated_cuda/small_runs.hpp"

#include <ATen/ops/empty.h>
#include <stdlib.h>

#include <cstdio>
#include <fstream>
#include <map>

#include "data/png_file.hpp"
#include "pipeline/pipeline.hpp"
#include "report/console.hpp"
#include "run/pipeline_runner.hpp"
#include "run/run_changes.hpp"
#include "simulated_cuda/simulated_cuda.hpp"
#include "support/linked_plugin.hpp"

namespace dha::test {

namespace {

uint8_t pixel(int64_t image, int64_t y, int64_t x) {
  const bool bar = x * kClasses / kSide == image % kClasses;
  return static_cast<uint8_t>((bar ? 180 : 30) + (image * 7 + x * 13 + y * 29) % 40);
}

void put_number(std::ofstream& file, int64_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) file.put(static_cast<char>(number >> shift));
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

PluginRegistry small_registry(uint32_t sdk_minor = DHA_SDK_VERSION_MINOR) {
  static std::map<uint32_t, dha_plugin> linked;  // registries refer to it
  dha_plugin& plugin = linked.try_emplace(sdk_minor, *dha_plugin_entry()).first->second;
  plugin.sdk_minor = sdk_minor;
  PluginRegistry registry;
  registry.load_directory(build_dir() / "plugins", true);
  registry.add(plugin);
  return registry;
}

FinishedRun finished(const RunDirectory& directory) {
  FinishedRun run{{}, text_of(directory.file("log.txt"))};
  std::ifstream metrics(directory.file("metrics.jsonl"));
  for (std::string line; std::getline(metrics, line);) run.rows.push_back(Json::parse(line));
  return run;
}

}  // namespace

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
    "space": {"use": "dha.cell", "channels": 4, "cells": 3, "nodes": 2, "auxiliary_weight": 0.4},
    "searcher": {"use": "dha.ista"},
    "augment": [{"use": "dha.flip"}, {"use": "dha.crop", "padding_px": 2}, {"use": "dha.tau"},
                {"use": "dha.cutout", "size_px": 4}],
    "hyper": {"use": "dha.hypergradient", "learning_rate": [0.001, 0.05], "weight_decay": [1e-4, 5e-4],
              "probe": "next"}})");
}

Json final_stage() {
  return Json::parse(R"({
    "name": "final", "epochs": 1, "batch_size": 8, "log_every": 4, "from": "search", "carry": ["architecture"],
    "drop_path": 0.1, "augment": [{"use": "dha.random_pairs", "magnitude_max": 10}],
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

FinishedRun run(const TemporaryDirectory& folder, Json pipeline, const std::string& device, uint32_t sdk_minor) {
  SimulatedCuda::open();
  setenv("DHA_OPERATORS", "libtorch", 1);  // on the CPU too, so that both runs round alike
  pipeline["device"] = device;
  const std::filesystem::path file = folder.path() / "pipeline.json";
  std::ofstream(file) << pipeline.dump();
  const PluginRegistry registry = small_registry(sdk_minor);
  const PipelineConfig config = load_pipeline(file, {}, registry);
  const RunDirectory directory = RunDirectory::create(folder.path() / "runs", config.name + device.substr(0, 4), 3);
  std::ofstream(directory.file("pipeline.json")) << config.resolved_json;
  record_pipeline(directory, config);
  Console console(stderr, Console::Mode::kQuiet);
  PipelineRunner(registry, config, choose_device(device), {}, console, directory).run();
  return finished(directory);
}

FinishedRun resume_without_graph(const TemporaryDirectory& folder, const std::string& device) {
  const PluginRegistry registry = small_registry();
  const RunDirectory directory =
      RunDirectory::open(folder.path() / "runs" / ("small" + device.substr(0, 4)) / "latest");
  const PipelineConfig changed = resumed_pipeline(directory, {{"graph", "\"off\""}}, registry);
  Console console(stderr, Console::Mode::kQuiet);
  PipelineRunner(registry, changed, choose_device(device), {}, console, directory).resume(DataChange::kNone);
  return finished(directory);
}

}  // namespace dha::test
