#include "stage/run_artifacts.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "device/memory.hpp"
#include "dha/error.hpp"
#include "report/console.hpp"
#include "report/drawing.hpp"
#include "storage/atomic_file.hpp"
#include "storage/safetensors.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kStagesFormat = "dha.stages/2";
constexpr const char* kGrowingFiles[] = {"metrics.jsonl", "hyper.csv"};

void write_json(const std::filesystem::path& file, const Json& json) {
  write_file_atomically(file, json.dump(2) + "\n");
}

std::string percent(const std::optional<Measurement>& measurement) {
  return measurement ? fmt::format("{:.2f} %", 100 * measurement->accuracy) : "";
}

// 3349342 as "3.35 M".
std::string count(int64_t value) {
  if (value >= 10'000'000'000) return fmt::format("{:.2f} G", static_cast<double>(value) / 1e9);
  if (value >= 100'000) return fmt::format("{:.2f} M", static_cast<double>(value) / 1e6);
  return fmt::format("{:.1f} k", static_cast<double>(value) / 1e3);
}

}  // namespace

void write_learned(const RunDirectory& directory, const StageParts& parts) {
  const std::string architecture = parts.architecture();
  write_json(directory.file("architecture.json"), Json::parse(architecture));
  const auto graphs = parts.space().call("graphs", [&](Space& space) { return space.graphs(architecture); });
  write_file_atomically(directory.file("architecture.svg"), draw_svg(graphs));
  Json policy{{"stage", parts.config().name}, {"augmenters", Json::array()}};
  for (const ComponentSlot<Augmenter>& slot : parts.augmenters()) {
    const std::string text = slot.call("policy", [](Augmenter& augmenter) { return augmenter.policy(); });
    policy["augmenters"].push_back({{"use", slot.id()}, {"policy", Json::parse(text)}});
  }
  write_json(directory.file("policy.json"), policy);
}

void write_model(const RunDirectory& directory, const StageParts& parts, const DatasetInfo& info) {
  const std::filesystem::path folder = directory.file("model");
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) throw Error(ErrorCode::kIo, fmt::format("cannot make {}: {}", folder.string(), failure.message()));
  SafetensorsFile weights;
  for (const NamedTensor& weight : parts.named_weights()) weights.tensors[weight.name] = weight.tensor;
  for (const NamedTensor& buffer : parts.buffers()) weights.tensors[buffer.name] = buffer.tensor;
  weights.metadata["format"] = "dha.model/1";
  save_safetensors(folder / "weights.safetensors", weights);
  write_json(folder / "architecture.json", Json::parse(parts.architecture()));
  Json space = Json::parse(parts.config().space.params_json);
  space["use"] = parts.config().space.id;
  write_json(folder / "model.json",
             {{"format", "dha.model/1"},
              {"weights", "weights.safetensors"},
              {"architecture", "architecture.json"},
              {"space", space},
              {"class_names", info.class_names},
              {"input", {{"channels", info.channels}, {"height", info.height}, {"width", info.width}}},
              {"normalisation", "(pixel / 255 - mean) / standard_deviation, a channel"},
              {"mean", info.mean},
              {"standard_deviation", info.standard_deviation}});
}

void write_summary(const RunDirectory& directory, const PipelineConfig& config, const std::string& device,
                   const std::vector<StageResult>& results) {
  Json stages = Json::array();
  double seconds = 0;
  for (const StageResult& result : results) {
    stages.push_back(to_json(result));
    seconds += result.seconds;
  }
  const Json positions{{"format", kStagesFormat}, {"stages", stages}};
  const StageResult& last = results.back();
  Json summary{{"name", config.name},
               {"seed", config.seed},
               {"device", device},
               {"precision", config.precision},
               {"finished", results.size() == config.stages.size()},
               {"test_accuracy", last.test ? Json(last.test->accuracy) : Json(nullptr)},
               {"test_loss", last.test ? Json(last.test->loss) : Json(nullptr)},
               {"epoch", last.epochs},
               {"best_epoch_by_validation", nullptr},
               {"parameters", last.cost.parameters},
               {"auxiliary_parameters", last.cost.auxiliary_parameters},
               {"multiply_adds", last.cost.multiply_adds},
               {"seconds", seconds},
               {"peak_memory_bytes", peak_host_memory_bytes()},
               {"unreadable_images", last.unreadable.size()},
               {"stages", Json::array()}};
  if (last.best_epoch)
    summary["best_epoch_by_validation"] = {
        {"epoch", *last.best_epoch},
        {"validation_accuracy", last.best_validation->accuracy},
        {"test_accuracy", last.best_test ? Json(last.best_test->accuracy) : Json(nullptr)}};
  for (Json& stage : stages) {
    stage.erase("architecture");
    stage.erase("checkpoint");
    stage.erase("files");
    stage.erase("unreadable");
    summary["stages"].push_back(stage);
  }
  write_json(directory.file("summary.json"), summary);
  write_json(directory.file("stages.json"), positions);  // last: a run goes on from it, and would not write the other
}

std::vector<StageResult> read_results(const RunDirectory& directory) {
  const std::filesystem::path file = directory.file("stages.json");
  if (!std::filesystem::exists(file)) return {};
  std::vector<StageResult> results;
  try {
    const Json json = Json::parse(read_file(file));
    if (json.at("format") != kStagesFormat)
      throw Error(ErrorCode::kData,
                  fmt::format("{} has format {}, this version of dha reads \"{}\"; use the version that wrote it",
                              file.string(), json.at("format").dump(), kStagesFormat));
    for (const Json& stage : json.at("stages")) results.push_back(stage_result_from_json(stage));
  } catch (const Json::exception& e) {
    throw Error(ErrorCode::kData, fmt::format("{} is damaged: {}", file.string(), e.what()));
  }
  return results;
}

std::string results_table(const std::vector<StageResult>& results) {
  std::vector<std::vector<std::string>> rows{
      {"stage", "epochs", "time", "images/s", "train", "validation", "test", "parameters", "multiply-adds"}};
  for (const StageResult& result : results)
    rows.push_back({result.name, fmt::format("{}", result.epochs), format_duration(result.seconds),
                    fmt::format("{:.0f}", result.images_per_second),
                    fmt::format("{:.2f} %", 100 * result.train_accuracy), percent(result.validation),
                    percent(result.test), count(result.cost.parameters), count(result.cost.multiply_adds)});
  return format_table(rows);
}

std::map<std::string, uint64_t> growing_files(const RunDirectory& directory) {
  std::map<std::string, uint64_t> sizes;
  for (const char* name : kGrowingFiles) {
    std::error_code failure;
    const auto size = std::filesystem::file_size(directory.file(name), failure);
    sizes[name] = failure ? 0 : size;
  }
  return sizes;
}

void cut_growing_files(const RunDirectory& directory, const std::map<std::string, uint64_t>& sizes) {
  for (const char* name : kGrowingFiles) {
    std::error_code failure;
    const std::filesystem::path file = directory.file(name);
    const auto size = sizes.contains(name) ? sizes.at(name) : 0;
    if (std::filesystem::exists(file) && std::filesystem::file_size(file) > size)
      std::filesystem::resize_file(file, size, failure);
    if (failure) throw Error(ErrorCode::kIo, fmt::format("cannot cut {} back: {}", file.string(), failure.message()));
  }
}

}  // namespace dha
