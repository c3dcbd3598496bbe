// Finds the network of a run: whose stage it is, how far that is trained, and the checkpoint or model/ that has it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "dha/component.hpp"
#include "dha/error.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "stage/model_files.hpp"
#include "stage/run_progress.hpp"
#include "stage/stage_result.hpp"
#include "storage/run_directory.hpp"

namespace dha {

// Whether anything is left that the run can continue from: the results of a stage, trials or a checkpoint.
bool has_traces(const RunDirectory& directory, const PipelineConfig& config);

// A model/ is used only if it has the weights that are asked for: model.json says of which stage and epoch they are.
class LocatedNetwork {
 public:
  // A finished run: its last stage in model/ or, where that is damaged or has other weights, in its last checkpoint.
  // One that has not finished: the newest good checkpoint. One that was tidied up: what model/ or model_best/ has.
  // References outlive the object. Throws Error{kUsage} where the run has no checkpoint yet, has no best epoch, or has
  // nothing but the other weights, and Error{kData} where the files are damaged or gone.
  LocatedNetwork(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                 Weights weights);

  const RunProgress& progress() const { return progress_; }

  // Sentences about checkpoints and a model/ that were passed over because they are damaged.
  const std::vector<std::string>& damage() const { return damage_; }

  // Either of them: the content of model_folder(), or the checkpoint.
  const std::optional<SavedModel>& model() const { return model_; }
  const std::optional<State>& checkpoint() const { return checkpoint_; }

  const std::filesystem::path& model_folder() const { return model_folder_; }

  // The stage whose network it is, as it was trained. Throws Error{kData} if it cannot be read.
  StageConfig config() const;

 private:
  void locate_last();
  void locate_best();
  void locate_tidied();
  bool find_newest_checkpoint();
  bool take_model(const std::filesystem::path& folder);
  void take_checkpoint(const std::filesystem::path& file);
  Error no_best(const StageConfig& stage) const;

  const RunDirectory& directory_;
  const PipelineConfig& pipeline_;
  const PluginRegistry& registry_;
  std::vector<StageResult> results_;
  RunProgress progress_;
  std::vector<std::string> damage_;
  bool is_tidied_ = false;
  std::optional<State> checkpoint_;
  std::optional<SavedModel> model_;
  std::filesystem::path model_folder_;
};

}  // namespace dha
