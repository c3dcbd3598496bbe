#include "stage/model_files.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "component/component_json.hpp"
#include "report/drawing.hpp"
#include "storage/atomic_file.hpp"
#include "storage/folders.hpp"
#include "storage/safetensors.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

void write_json(const std::filesystem::path& file, const Json& json) {
  write_file_atomically(file, json.dump(2) + "\n");
}

// A decided architecture came from the searcher or from a file, through the space.
Json parse_architecture(const StageParts& parts, const std::string& architecture) {
  return parse_component_json(parts.has_searcher() ? parts.searcher().id() : parts.space().id(), "architecture",
                              architecture);
}

}  // namespace

void write_learned(const RunDirectory& directory, const StageParts& parts, const std::string& architecture) {
  write_json(directory.file("architecture.json"), parse_architecture(parts, architecture));
  const std::vector<ArchitectureGraph> graphs = parts.space().graphs(architecture);
  if (!graphs.empty()) write_file_atomically(directory.file("architecture.svg"), draw_svg(graphs));
  Json policy{{"stage", parts.config().name}, {"augmenters", Json::array()}};
  for (const auto& augmenter : parts.augmenters())
    policy["augmenters"].push_back(
        {{"use", augmenter->id()}, {"policy", parse_component_json(augmenter->id(), "policy", augmenter->policy())}});
  write_json(directory.file("policy.json"), policy);
}

void write_model(const RunDirectory& directory, const StageParts& parts, const std::string& architecture,
                 const DatasetInfo& info) {
  const std::filesystem::path folder = directory.file("model");
  make_folders(folder);
  SafetensorsFile weights;
  for (const NamedTensor& weight : parts.named_weights()) weights.tensors[weight.name] = weight.tensor;
  for (const NamedTensor& buffer : parts.network().buffers()) weights.tensors[buffer.name] = buffer.tensor;
  weights.metadata["format"] = "dha.model/1";
  save_safetensors(folder / "weights.safetensors", weights);
  write_json(folder / "architecture.json", parse_architecture(parts, architecture));
  Json space = Json::parse(parts.config().space.params_json);
  space["use"] = parts.config().space.id;
  write_json(folder / "model.json",
             {{"format", "dha.model/1"},
              {"weights", "weights.safetensors"},
              {"architecture", "architecture.json"},
              {"space", space},
              {"class_names", info.class_names},
              {"input", {{"channels", info.channels}, {"height", info.height}, {"width", info.width}}},
              {"normalisation", "(pixel / 255 - mean) / standard_deviation, per channel"},
              {"mean", info.mean},
              {"standard_deviation", info.standard_deviation}});
}

}  // namespace dha
