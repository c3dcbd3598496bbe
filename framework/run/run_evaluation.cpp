#include "run/run_evaluation.hpp"

#include <fmt/format.h>

#include "dha/error.hpp"

namespace dha {

namespace {

ImageSet images_of(const std::string& split, const RunNetwork& run) {
  if (split == "test") return run.images().test;
  if (split == "validation") return run.stage_images().validation;
  if (split == "train") return run.stage_images().train;
  throw Error(ErrorCode::kUsage, fmt::format("--split must be test, validation or train, found '{}'", split));
}

}  // namespace

RunEvaluation evaluate_run(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                           at::Device device, Weights weights, const std::string& split, DataChange allowed) {
  const RunNetwork run(directory, config, registry, device, allowed, weights);
  const ImageSet images = images_of(split, run);
  if (images.empty())
    throw Error(ErrorCode::kUsage,
                split == "validation"
                    ? fmt::format("there are no validation images: the data set has none and stage '{}' held none out; "
                                  "set its validation_fraction or use --split test",
                                  run.config().name)
                    : fmt::format("the data set has no {} images; use another --split", split));
  const bool is_divided = run.stage_images().holds_out && split != "test";
  return {run.network().measure(images), is_divided ? run.config().name : "", run.progress(), run.damage()};
}

}  // namespace dha
