#include "stage/model_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "component/component_json.hpp"
#include "dha/error.hpp"
#include "dha/layer_graph.hpp"
#include "dha/version.hpp"
#include "export/exported_files.hpp"
#include "export/graph_check.hpp"
#include "process/long_work.hpp"
#include "process/program_name.hpp"
#include "report/drawing.hpp"
#include "report/json_fields.hpp"
#include "report/json_problem.hpp"
#include "stage/model_components.hpp"
#include "stage/pipeline_data.hpp"
#include "storage/atomic_file.hpp"
#include "storage/folders.hpp"
#include "storage/linked_copy.hpp"
#include "storage/model_folder.hpp"
#include "storage/safetensors.hpp"
#include "storage/sha256.hpp"
#include "storage/staged_folder.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kFormatName = "dha.model/";
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

// The files for other programs of a decided network. `model`: without its layers. `name`: of the folder in messages.
void write_for_others(const std::filesystem::path& folder, const StageParts& parts, const std::string& architecture,
                      ExportedModel model, const std::string& name, Log& log) {
  std::optional<LayerGraph> graph = described_layers(parts, architecture, model, name, log);
  if (!graph) return;
  model.graph = std::move(*graph);
  for (const std::string& problem : write_exported_files(folder, model))
    log.write(LogLevel::kWarning, parts.space().id(), "a file of " + name + " is missing: " + problem);
}

// As far as the data set has the parameters of those that read image files.
ImageDecoding decoding_of(const Json& dataset) {
  const ImageDecoding usual;
  return {text_at(dataset, "exif_orientation") != "ignore", text_at(dataset, "background", usual.background),
          count_at(dataset, "bits", usual.bits)};
}

std::string version() {
  return fmt::format("{}.{}.{}", DHA_SDK_VERSION_MAJOR, DHA_SDK_VERSION_MINOR, DHA_SDK_VERSION_PATCH);
}

// The content of model.json.
Json describe(const StageParts& parts, const ModelSource& source, const std::string& weights_sha256, bool is_decided) {
  const DatasetInfo& info = source.input.info;
  Json space = Json::parse(parts.config().space.params_json);
  space["use"] = parts.config().space.id;
  Json input{{"channels", info.channels}, {"height", info.height}, {"width", info.width}};
  if (const auto& crop = source.input.crop_fraction) input["crop_fraction"] = *crop;
  const ComponentUse reading = PipelineData::with_chosen_params(source.pipeline.dataset.component, source.facts);
  return {{"format", kModelFormat},
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
          {"precision", source.pipeline.precision},
          {"dataset", dataset_of_model(reading, parts.registry())},
          {"trained", origin_json(source.progress)}};
}

// `name`: of the model's folder in messages.
void write_files(const std::filesystem::path& folder, const std::string& name, const StageParts& parts,
                 const std::string& architecture, const ModelSource& source, Log& log) {
  SafetensorsFile weights;
  const bool is_decided = collect_weights(parts, architecture, name, log, weights.tensors);
  weights.metadata["format"] = kModelFormat;
  save_safetensors(folder / kWeightsFile, weights);
  const std::string weights_sha256 = sha256_of_file(folder / kWeightsFile);
  write_json(folder / kArchitectureFile, parse_architecture(parts, architecture));
  if (std::filesystem::exists(source.facts)) link_or_copy(source.facts, folder / kDatasetFile);
  const Json description = describe(parts, source, weights_sha256, is_decided);
  write_json(folder / kModelFile, description);
  if (is_decided)
    write_for_others(folder, parts, architecture,
                     {{},
                      weights.tensors,
                      source.input.info,
                      source.input.crop_fraction,
                      weights_sha256,
                      version(),
                      decoding_of(description.at("dataset"))},
                     name, log);
}

// A file of a model/ that is missing is damaged data, not a failed output.
template <class Read>
auto as_data(Read read) {
  try {
    return read();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kIo) throw;
    throw Error(ErrorCode::kData, error.what());
  }
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

void write_model(const std::filesystem::path& folder, const StageParts& parts, const std::string& architecture,
                 const ModelSource& source, Log& log) {
  const LongWork work("writing " + in_words(folder));
  StagedFolder staged(folder);
  try {
    write_files(staged.path(), in_words(folder), parts, architecture, source, log);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kIo) throw;
    throw staged.named(error);
  }
  staged.commit(model_file_names());
}

const std::vector<std::string>& model_file_names() {
  static const std::vector<std::string> names{kWeightsFile, kArchitectureFile, kModelFile, kDatasetFile,
                                              kOnnxFile,    kPythonFile,       kReadmeFile};
  return names;
}

Json read_model_description(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kModelFile;
  const Json json = Json::parse(read_input_file(file), nullptr, false);
  const std::string format = text_at(json, "format");
  if (format == kModelFormat) return json;
  if (format.starts_with(kFormatName))
    throw Error(ErrorCode::kData, fmt::format("{} has format {:?}, this version of dha reads {:?}; use the version "
                                              "that wrote it",
                                              file.string(), format, kModelFormat));
  throw Error(ErrorCode::kData, fmt::format("{} is damaged: it is no JSON object with the format {:?}; copy the model "
                                            "again, or write it anew with: {} export RUN",
                                            file.string(), kModelFormat, program_name()));
}

bool is_decided(const Json& description) { return text_at(description, "network") == "decided"; }

std::optional<RunProgress> origin_of(const Json& description, const std::filesystem::path& folder) {
  const Json origin = field_at(description, "trained");
  if (origin.is_null()) return std::nullopt;
  try {
    return progress_from_origin(origin);
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kData, fmt::format("{} is damaged: {}; copy the model again", (folder / kModelFile).string(),
                                              json_problem(error)));
  }
}

SavedModel read_model(const std::filesystem::path& folder) {
  const Json description = read_model_description(folder);
  const std::filesystem::path weights = folder / kWeightsFile;
  return as_data([&]() -> SavedModel {
    if (text_at(description, "weights_sha256") != sha256_of_file(weights))
      throw Error(ErrorCode::kData,
                  fmt::format("{} is damaged or belongs to another model: its checksum is not the one in {}; copy the "
                              "folder again, or write it anew with: {} export RUN",
                              weights.string(), (folder / kModelFile).string(), program_name()));
    return {read_file(folder / kArchitectureFile), load_safetensors(weights).tensors};
  });
}

Error misfit(const std::filesystem::path& folder, const Error& error) {
  const std::array faults{ErrorCode::kData, ErrorCode::kInvalidConfig, ErrorCode::kInvalidParameter,
                          ErrorCode::kContractViolation};
  if (std::find(faults.begin(), faults.end(), error.code()) == faults.end()) return error;
  return {ErrorCode::kData, fmt::format("the files of {} do not fit together: {}; copy the folder again, or write it "
                                        "anew with: {} export RUN",
                                        folder.string(), error.what(), program_name())};
}

std::filesystem::path initial_model(const std::filesystem::path& run_or_model) {
  const std::filesystem::path folder = model_folder(run_or_model);
  if (folder == run_or_model) return folder;
  const std::optional<RunProgress> origin = origin_of(read_model_description(folder), folder);
  if (origin && !origin->is_finished)
    throw Error(
        ErrorCode::kUsage,
        fmt::format("the run in '{}' had not finished when its model/ was written (stage '{}', {} of {} epochs); "
                    "resume the run, or give {} to take these weights",
                    run_or_model.string(), origin->stage, origin->epochs, origin->planned_epochs, folder.string()));
  return folder;
}

void keep_initial_model(const std::filesystem::path& run_or_model, const RunDirectory& directory) {
  const std::filesystem::path from = initial_model(run_or_model), to = directory.file(kInitialFolder);
  make_folders(to);
  for (const char* name : {kWeightsFile, kArchitectureFile, kModelFile}) link_or_copy(from / name, to / name);
}

}  // namespace dha
