#include "stage/trained_stage.hpp"

#include <nlohmann/json.hpp>

#include "process/long_work.hpp"
#include "stage/model_files.hpp"
#include "step/evaluation_weights.hpp"
#include "step/scoped_mode.hpp"

namespace dha {

TrainedStage::TrainedStage(const PipelineConfig& pipeline, const StageConfig& config,
                           const StageEnvironment& environment, const std::string& architecture)
    : pipeline_(pipeline),
      config_(config),
      environment_(environment),
      architecture_(architecture),
      parts_(config, environment, config.name),
      normalizer_(environment.info, at::TensorOptions(environment.services.device).dtype(environment.dtype),
                  pipeline.channels_last) {}

TrainedStage::TrainedStage(const PipelineConfig& pipeline, const StageConfig& config, const Images& images,
                           const StageEnvironment& environment, const State& checkpoint)
    : TrainedStage(pipeline, config, environment,
                   nlohmann::ordered_json::parse(checkpoint.json).at("derived").get<std::string>()) {
  parts_.resume(checkpoint);
  std::unique_ptr<BatchFeed> feed;
  const auto calibration = [&]() -> BatchFeed& {
    feed = make_calibration_feed(choose_stage_images(images(), config, pipeline.seed).train, config.batch_size,
                                 environment.services.device);
    return *feed;
  };
  weights_ = std::make_unique<EvaluationWeights>(
      parts_, parts_.gates(GatePurpose::kEvaluation, {}), calibration,
      EvaluationSetting{normalizer_, pipeline.precision, environment.services.device});
}

TrainedStage::TrainedStage(const PipelineConfig& pipeline, const StageConfig& config,
                           const StageEnvironment& environment, const SavedModel& model)
    : TrainedStage(pipeline, config, environment, model.architecture) {
  parts_.take_model(model.architecture, model.tensors);
}

TrainedStage::~TrainedStage() = default;

Measurement TrainedStage::measure(const ImageSet& images, const OutputObserver& observe) const {
  const at::Device device = environment_.services.device;
  const auto feed =
      make_feed(images, {.batch_size = config_.batch_size, .device = device, .threads = pipeline_.loader_threads});
  LongWork work("evaluating images", images.size());
  const auto observe_and_count = [&](const NetworkOutput& output, const Batch& batch) {
    if (observe) observe(output, batch);
    work.advance(batch.labels.size(0));
  };
  return evaluate(parts_, parts_.gates(GatePurpose::kEvaluation, {}), *feed, {normalizer_, pipeline_.precision, device},
                  Stop::kAtOnce, observe_and_count);
}

Classified TrainedStage::classify(const ImageSet& images, int64_t top) const {
  const at::Device device = environment_.services.device;
  const auto feed =
      make_feed(images, {.batch_size = config_.batch_size, .device = device, .threads = pipeline_.loader_threads});
  const ScopedMode evaluation(parts_, kEvaluationMode);
  return dha::classify(parts_.network(), parts_.gates(GatePurpose::kEvaluation, {}), *feed,
                       {normalizer_, pipeline_.precision, device}, top);
}

void TrainedStage::write_learned(const RunDirectory& directory) const {
  dha::write_learned(directory, parts_, architecture_);
}

void TrainedStage::write_model(const std::filesystem::path& folder, const ModelSource& source, Log& log) const {
  dha::write_model(folder, parts_, architecture_, source, log);
}

}  // namespace dha
