// Measures the final network of a finished run.
#pragma once

#include <string>

#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "stage/pipeline_data.hpp"
#include "step/evaluate.hpp"
#include "storage/run_directory.hpp"

namespace dha {

struct RunEvaluation {
  Measurement measured;
  // The stage with the validation_fraction that held the images out of the training images ("validation") or left them
  // in ("train"); empty if the split is the data set's own.
  std::string divided_by;
};

// `split`: "test", "validation" or "train", in evaluation geometry, as the last stage used it: if that stage held
// validation images out of the training images, "validation" are those and "train" the others. Throws Error{kUsage} for
// another name, for an unfinished run, and for a split without images; Error{kData} if the data set differs from the
// run's by more than `allowed`.
RunEvaluation evaluate_run(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                           at::Device device, const std::string& split, DataChange allowed);

}  // namespace dha
