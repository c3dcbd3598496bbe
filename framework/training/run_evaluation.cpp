#include "training/run_evaluation.hpp"

#include <fmt/format.h>

#include "dha/error.hpp"
#include "model/precision.hpp"
#include "run/checkpoint_store.hpp"
#include "training/leaf_gates.hpp"
#include "training/pipeline_data.hpp"
#include "training/run_artifacts.hpp"
#include "training/stage_parts.hpp"

namespace dha {

namespace {

const ImageSet& images_of(const RunImages& images, const std::string& split) {
  if (split == "test") return images.test;
  if (split == "validation") return images.validation;
  if (split == "train") return images.train;
  throw Error(ErrorCode::kUsage, fmt::format("--split must be test, validation or train, found '{}'", split));
}

}  // namespace

Measurement evaluate_run(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                         at::Device device, const std::string& split) {
  const std::vector<StageResult> results = read_results(directory);
  if (results.size() != config.stages.size())
    throw Error(ErrorCode::kUsage,
                fmt::format("the run in {0} has finished {1} of {2} stages; go on with: dha resume {0}",
                            directory.path().string(), results.size(), config.stages.size()));
  const ContextServices services{nullptr, device, config.seed, {}};
  const PipelineData data(registry, services, config, directory.file("statistics.json"));
  const ImageSet& images = images_of(data.images(), split);
  if (images.empty()) throw Error(ErrorCode::kUsage, fmt::format("the data set has no {} images", split));

  const StageConfig& stage = config.stages.back();
  const at::ScalarType type = weight_type(config.precision);
  StageParts parts(stage, {registry, services, data.dataset().info(), type, config.channels_last}, stage.name);
  parts.restore(load_checkpoint(directory.file(results.back().checkpoint)));
  Gates gates;
  if (parts.searches())
    gates = leaf_gates(parts.searcher().call("gates", [](Searcher& searcher) { return searcher.gates(Progress{}); }),
                       type, false);
  const Normalizer normalizer(data.dataset().info(), at::TensorOptions(device).dtype(type), config.channels_last);
  const auto feed =
      make_feed(images, {.batch_size = stage.batch_size, .device = device, .threads = config.loader_threads});
  return evaluate(parts, gates, *feed, normalizer, config.precision, device);
}

}  // namespace dha
