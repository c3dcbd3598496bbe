#include "stage/model_files.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "component/component_json.hpp"
#include "dha/error.hpp"
#include "dha/layer_graph.hpp"
#include "dha/version.hpp"
#include "export/exported_files.hpp"
#include "export/graph_check.hpp"
#include "plugin/guarded_call.hpp"
#include "process/long_work.hpp"
#include "report/drawing.hpp"
#include "stage/model_components.hpp"
#include "stage/pipeline_data.hpp"
#include "storage/atomic_file.hpp"
#include "storage/folders.hpp"
#include "storage/linked_copy.hpp"
#include "storage/model_folder.hpp"
#include "storage/safetensors.hpp"
#include "storage/sha256.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kModelFormat = "dha.model/2";

void write_json(const std::filesystem::path& file, const Json& json) {
  write_file_atomically(file, json.dump(2) + "\n");
}

// A decided architecture came from the searcher or from a file, through the space.
Json parse_architecture(const StageParts& parts, const std::string& architecture) {
  return parse_component_json(parts.has_searcher() ? parts.searcher().id() : parts.space().id(), "architecture",
                              architecture);
}

// "model/".
std::string in_words(const std::filesystem::path& folder) { return folder.filename().string() + "/"; }

// Whether the tensors are those of a decided network.
bool collect_weights(const StageParts& parts, const std::string& architecture, const std::string& folder, Log& log,
                     std::map<std::string, at::Tensor>& tensors) {
  const auto add = [&](const Network& network) {
    for (const NamedTensor& weight : network.parameters()) tensors[weight.name] = weight.tensor;
    for (const NamedTensor& buffer : network.buffers()) tensors[buffer.name] = buffer.tensor;
  };
  if (parts.searches()) {
    try {
      add(*parts.decided_network(architecture));
      return true;
    } catch (const Error& error) {
      log.write(LogLevel::kWarning, parts.space().id(),
                fmt::format("{} contains the whole supernet, because no decided network can take its weights: {}",
                            folder, error.what()));
    }
  }
  add(parts.network());
  return !parts.searches();
}

// The layers of the network, checked; nothing, which is logged, if the space does not describe them.
std::optional<LayerGraph> described_layers(const StageParts& parts, const std::string& architecture,
                                           const ExportedModel& model, const std::string& folder, Log& log) {
  GuardedSpace& space = parts.space();
  const auto* layers = static_cast<const NetworkLayers*>(space.capability(NetworkLayers::kCapability));
  if (layers == nullptr) {
    log.write(LogLevel::kInfo, space.id(),
              fmt::format("{} has no {} and no {}, because the space does not describe its networks layer by layer",
                          folder, kOnnxFile, kPythonFile));
    return std::nullopt;
  }
  try {
    return checked_graph(space.call("layers", [&](Space&) { return layers->layers(architecture); }), model.tensors,
                         model.info.classes);
  } catch (const Error& error) {
    log.write(LogLevel::kWarning, space.id(),
              fmt::format("{} has no {} and no {}: {}", folder, kOnnxFile, kPythonFile, error.what()));
    return std::nullopt;
  }
}

// The files for other programs of a decided network. `model`: without its layers.
void write_for_others(const std::filesystem::path& folder, const StageParts& parts, const std::string& architecture,
                      ExportedModel model, Log& log) {
  std::optional<LayerGraph> graph = described_layers(parts, architecture, model, in_words(folder), log);
  if (!graph) return remove_exported_files(folder);
  model.graph = std::move(*graph);
  for (const std::string& problem : write_exported_files(folder, model))
    log.write(LogLevel::kWarning, parts.space().id(), "a file of " + in_words(folder) + " is missing: " + problem);
}

std::string version() {
  return fmt::format("{}.{}.{}", DHA_SDK_VERSION_MAJOR, DHA_SDK_VERSION_MINOR, DHA_SDK_VERSION_PATCH);
}

// The share of an image's shorter side that evaluations see; nothing where images are in memory.
std::optional<double> crop_fraction(const OpenDataset& dataset) {
  if (dataset.in_memory()) return std::nullopt;
  return guarded_call(dataset.id(), "crop_policy", [&] { return dataset.dataset().crop_policy(); }).evaluation_fraction;
}

}  // namespace

void write_learned(const RunDirectory& directory, const StageParts& parts, const std::string& architecture) {
  const LongWork work("drawing the architecture");
  write_json(directory.file("architecture.json"), parse_architecture(parts, architecture));
  const std::vector<ArchitectureGraph> graphs = parts.space().graphs(architecture);
  if (!graphs.empty()) write_file_atomically(directory.file("architecture.svg"), draw_svg(graphs));
  Json policy{{"stage", parts.config().name}, {"augmenters", Json::array()}};
  for (const auto& augmenter : parts.augmenters())
    policy["augmenters"].push_back(
        {{"use", augmenter->id()}, {"policy", parse_component_json(augmenter->id(), "policy", augmenter->policy())}});
  write_json(directory.file("policy.json"), policy);
}

void write_model(const std::filesystem::path& folder, const std::filesystem::path& facts, const StageParts& parts,
                 const std::string& architecture, const PipelineConfig& pipeline, const OpenDataset& dataset,
                 Log& log) {
  const LongWork work("writing " + in_words(folder));
  const DatasetInfo& info = dataset.info();
  make_folders(folder);
  SafetensorsFile weights;
  const bool is_decided = collect_weights(parts, architecture, in_words(folder), log, weights.tensors);
  weights.metadata["format"] = kModelFormat;
  save_safetensors(folder / kWeightsFile, weights);
  const std::string weights_sha256 = sha256_of_file(folder / kWeightsFile);
  write_json(folder / kArchitectureFile, parse_architecture(parts, architecture));
  if (std::filesystem::exists(facts)) link_or_copy(facts, folder / kDatasetFile);
  Json space = Json::parse(parts.config().space.params_json);
  space["use"] = parts.config().space.id;
  const std::optional<double> crop = crop_fraction(dataset);
  Json input{{"channels", info.channels}, {"height", info.height}, {"width", info.width}};
  if (crop) input["crop_fraction"] = *crop;
  const ComponentUse reading = PipelineData::with_chosen_params(pipeline.dataset.component, facts);
  write_json(folder / kModelFile, {{"format", kModelFormat},
                                   {"weights", kWeightsFile},
                                   {"weights_sha256", weights_sha256},
                                   {"network", is_decided ? "decided" : "supernet"},
                                   {"architecture", kArchitectureFile},
                                   {"space", space},
                                   {"classes", info.classes},
                                   {"class_names", info.class_names},
                                   {"input", input},
                                   {"normalisation", "(pixel / 255 - mean) / standard_deviation, per channel"},
                                   {"mean", info.mean},
                                   {"standard_deviation", info.standard_deviation},
                                   {"precision", pipeline.precision},
                                   {"dataset", dataset_of_model(reading, parts.registry())}});
  if (is_decided)
    write_for_others(folder, parts, architecture, {{}, weights.tensors, info, crop, weights_sha256, version()}, log);
  else
    remove_exported_files(folder);
}

bool has_model(const RunDirectory& directory) {
  const std::filesystem::path folder = directory.file("model");
  return std::filesystem::exists(folder / kModelFile) && std::filesystem::exists(folder / kWeightsFile) &&
         read_model_description(folder).value("network", "") == "decided";
}

Json read_model_description(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kModelFile;
  const Json json = Json::parse(read_file(file), nullptr, false);
  if (!json.is_object() || json.value("format", "") != kModelFormat)
    throw Error(ErrorCode::kData, fmt::format("{} is damaged or has another format than \"{}\"; copy the model again, "
                                              "or use the version of dha that wrote it",
                                              file.string(), kModelFormat));
  return json;
}

SavedModel read_model(const std::filesystem::path& folder) {
  const Json description = read_model_description(folder);
  const std::filesystem::path weights = folder / kWeightsFile;
  if (description.value("weights_sha256", "") != sha256_of_file(weights))
    throw Error(ErrorCode::kData,
                fmt::format("{} is damaged or belongs to another model: its checksum is not the one in {}; copy the "
                            "folder again or repeat the run",
                            weights.string(), (folder / kModelFile).string()));
  return {read_file(folder / kArchitectureFile), load_safetensors(weights).tensors};
}

void keep_initial_model(const std::filesystem::path& run_or_model, const RunDirectory& directory) {
  const std::filesystem::path from = model_folder(run_or_model), to = directory.file(kInitialFolder);
  make_folders(to);
  for (const char* name : {kWeightsFile, kArchitectureFile, kModelFile}) link_or_copy(from / name, to / name);
}

}  // namespace dha
