// The files with the results of a stage: architecture, policy, and the trained model.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "component/stage_parts.hpp"
#include "dha/error.hpp"
#include "pipeline/pipeline.hpp"
#include "report/log.hpp"
#include "stage/model_input.hpp"
#include "stage/run_progress.hpp"
#include "storage/run_directory.hpp"

namespace dha {

// architecture.json, its drawing architecture.svg, and policy.json. Throws Error{kIo}.
void write_learned(const RunDirectory& directory, const StageParts& parts, const std::string& architecture);

// The run that a model/ is made of.
struct ModelSource {
  const PipelineConfig& pipeline;
  std::filesystem::path facts;  // the description of its data (kDatasetFile), which need not exist
  ModelInput input;
  RunProgress progress;  // whose weights they are
};

// A model/ in `folder`: weights.safetensors, architecture.json, model.json with the information that a program needs to
// use them, and dataset.json, a copy of the facts if these exist, with a description of the run's data; and, if the
// space describes its networks layer by layer (dha/layer_graph.hpp), the files for other programs
// (export/exported_files.hpp). Writes the current weights of the network. For a supernet, writes the network of
// `architecture` with its weights and gates, or, if the space cannot carry them, the supernet, which is logged. The
// files replace those of an earlier model together. Throws Error{kIo}; then the earlier ones stay.
void write_model(const std::filesystem::path& folder, const StageParts& parts, const std::string& architecture,
                 const ModelSource& source, Log& log);

// The names of the files of a model/, of which some may not be there.
const std::vector<std::string>& model_file_names();

// The content of a model/.
struct SavedModel {
  std::string architecture;
  std::map<std::string, at::Tensor> tensors;  // weights and buffers by name, on the CPU
};

// The content of the file model.json of `folder`, a model/. Throws Error{kData} if it is damaged or has another format.
nlohmann::ordered_json read_model_description(const std::filesystem::path& folder);

// Whether these are the weights of a decided network, not those of a whole supernet.
bool is_decided(const nlohmann::ordered_json& description);

// Whose weights they are; nothing in a file of an earlier version. Throws Error{kData} if it is damaged.
std::optional<RunProgress> origin_of(const nlohmann::ordered_json& description, const std::filesystem::path& folder);

// `folder`: a model/. Throws Error{kData} if the files are damaged or do not belong together.
SavedModel read_model(const std::filesystem::path& folder);

// The error of a network that cannot be made of the files of `folder`, a model/, because of `error`: Error{kData}, or
// `error` itself where the files are not to blame, as for a shortage of memory.
Error misfit(const std::filesystem::path& folder, const Error& error);

// The folder of a run directory that keeps the model whose weights the run started from.
inline constexpr const char* kInitialFolder = "initial";

// The model of a run that has finished, or a model/ itself, to start another run with. Throws Error{kData} if there is
// no model, and Error{kUsage} if that of a run was exported before the run had finished: it may be an old one.
std::filesystem::path initial_model(const std::filesystem::path& run_or_model);

// Puts it there, so that the run can be resumed without the other. Throws the errors of initial_model(), and
// Error{kIo}.
void keep_initial_model(const std::filesystem::path& run_or_model, const RunDirectory& directory);

}  // namespace dha
