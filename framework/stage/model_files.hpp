// The files with the results of a stage: architecture, policy, and the trained model.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "component/stage_parts.hpp"
#include "data/open_dataset.hpp"
#include "pipeline/pipeline.hpp"
#include "report/log.hpp"
#include "storage/run_directory.hpp"

namespace dha {

// architecture.json, its drawing architecture.svg, and policy.json. Throws Error{kIo}.
void write_learned(const RunDirectory& directory, const StageParts& parts, const std::string& architecture);

// A model/ in `folder`: weights.safetensors, architecture.json, model.json with the information that a program needs to
// use them, and dataset.json, a copy of `facts` if that exists, with a description of the run's data; and, if the space
// describes its networks layer by layer (dha/layer_graph.hpp), the files for other programs
// (export/exported_files.hpp). Writes the current weights of the network. For a supernet, writes the network of
// `architecture` with its weights and gates, or, if the space cannot carry them, the supernet, which is logged.
// `pipeline`: of the run on `dataset`. Throws Error{kIo}.
void write_model(const std::filesystem::path& folder, const std::filesystem::path& facts, const StageParts& parts,
                 const std::string& architecture, const PipelineConfig& pipeline, const OpenDataset& dataset, Log& log);

// The content of a model/.
struct SavedModel {
  std::string architecture;
  std::map<std::string, at::Tensor> tensors;  // weights and buffers by name, on the CPU
};

// Whether `directory` has a model/ of a decided network.
bool has_model(const RunDirectory& directory);

// The content of the file model.json of `folder`, a model/. Throws Error{kData} if it is damaged or has another format.
nlohmann::ordered_json read_model_description(const std::filesystem::path& folder);

// `folder`: a model/. Throws Error{kData} if the files are damaged or do not belong together.
SavedModel read_model(const std::filesystem::path& folder);

// The folder of a run directory that keeps the model whose weights the run started from.
inline constexpr const char* kInitialFolder = "initial";

// Puts the model of a run, or a model/ itself, there, so that the run can be resumed without the other. Throws
// Error{kData} if there is no model, and Error{kIo}.
void keep_initial_model(const std::filesystem::path& run_or_model, const RunDirectory& directory);

}  // namespace dha
