// The trained network of a stage or a trial, from its last checkpoint, to be measured or saved as a model.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "component/stage_parts.hpp"
#include "data/stage_data.hpp"
#include "pipeline/pipeline.hpp"
#include "stage/model_files.hpp"
#include "step/classify.hpp"
#include "step/evaluate.hpp"
#include "storage/run_directory.hpp"

namespace dha {

class TrainedStage {
 public:
  // Returns the run's images: called only if the running statistics of the network must be recomputed.
  using Images = std::function<const RunImages&()>;

  // `config`: the stage as trained; `pipeline`: its pipeline. The weights are those that the hyper-optimizer evaluates.
  // References outlive the object. Throws the components' exceptions.
  TrainedStage(const PipelineConfig& pipeline, const StageConfig& config, const Images& images,
               const StageEnvironment& environment, const State& checkpoint);

  // From the model/ of a run alone.
  TrainedStage(const PipelineConfig& pipeline, const StageConfig& config, const StageEnvironment& environment,
               const SavedModel& model);
  ~TrainedStage();

  // Throws Error{kCancelled} when the user asks to stop. `observe` receives the output for each batch, in order.
  Measurement measure(const ImageSet& images, const OutputObserver& observe = {}) const;

  // The `top` most probable classes of each image. Throws as measure() does.
  Classified classify(const ImageSet& images, int64_t top) const;

  // architecture.json, its drawing and policy.json.
  void write_learned(const RunDirectory& directory) const;

  // A model/ in `folder` (model_files.hpp).
  void write_model(const std::filesystem::path& folder, const ModelSource& source, Log& log) const;

 private:
  TrainedStage(const PipelineConfig& pipeline, const StageConfig& config, const StageEnvironment& environment,
               const std::string& architecture);

  const PipelineConfig& pipeline_;
  const StageConfig& config_;
  const StageEnvironment environment_;
  std::string architecture_;
  StageParts parts_;
  Normalizer normalizer_;
  std::unique_ptr<class EvaluationWeights> weights_;
};

}  // namespace dha
