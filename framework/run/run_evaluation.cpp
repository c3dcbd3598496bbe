#include "run/run_evaluation.hpp"

#include <fmt/format.h>

#include <memory>

#include "dha/error.hpp"
#include "model/precision.hpp"
#include "process/program_name.hpp"
#include "run/earlier_stages.hpp"
#include "stage/results.hpp"
#include "stage/trained_stage.hpp"
#include "storage/checkpoint_store.hpp"

namespace dha {

namespace {

// `stage`: the last one's images.
ImageSet images_of(const std::string& split, const RunImages& run, const StageImages& stage) {
  if (split == "test") return run.test;
  if (split == "validation") return stage.validation;
  if (split == "train") return stage.train;
  throw Error(ErrorCode::kUsage, fmt::format("--split must be test, validation or train, found '{}'", split));
}

// What the data was: the run's file, or the model's own where a run was tidied up.
std::filesystem::path facts_of(const RunDirectory& directory) {
  const std::filesystem::path facts = directory.file(kDatasetFile);
  return std::filesystem::exists(facts) ? facts : directory.file("model") / kDatasetFile;
}

// From model/ alone where that holds a network, else from the last checkpoint.
std::unique_ptr<TrainedStage> open_trained(const RunDirectory& directory, const PipelineConfig& config,
                                           const StageConfig& stage, const RunImages& images,
                                           const StageEnvironment& environment, const StageResult& result) {
  if (has_model(directory)) return std::make_unique<TrainedStage>(config, stage, environment, read_model(directory));
  return std::make_unique<TrainedStage>(config, stage, images, environment,
                                        load_checkpoint(directory.file(result.checkpoint)));
}

}  // namespace

RunEvaluation evaluate_run(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                           at::Device device, const std::string& split, DataChange allowed) {
  const std::vector<StageResult> results = read_results(directory);
  if (results.size() != config.stages.size())
    throw Error(ErrorCode::kUsage,
                fmt::format("the run in {0} has finished {1} of {2} stages; continue it with: {3} resume {0}",
                            directory.path().string(), results.size(), config.stages.size(), program_name()));
  const ContextServices services{nullptr, device, config.seed, {}};
  const PipelineData data(registry, services, config, facts_of(directory), allowed, DataChange::kSameClasses);
  const StageConfig stage =
      EarlierStages(directory, config, registry, results).config_as_trained(config.stages.back().name);
  const StageImages stage_images = choose_stage_images(data.images(), stage, config.seed);
  const ImageSet images = images_of(split, data.images(), stage_images);
  if (images.empty())
    throw Error(ErrorCode::kUsage,
                split == "validation"
                    ? fmt::format("there are no validation images: the data set has none and stage '{}' held none out; "
                                  "set its validation_fraction or use --split test",
                                  stage.name)
                    : fmt::format("the data set has no {} images; use another --split", split));

  const StageEnvironment environment{registry,
                                     services,
                                     data.dataset().info(),
                                     weight_type(config.precision),
                                     config.channels_last,
                                     count_images(stage_images)};
  const auto trained = open_trained(directory, config, stage, data.images(), environment, results.back());
  return {trained->measure(images), stage_images.holds_out && split != "test" ? stage.name : ""};
}

}  // namespace dha
