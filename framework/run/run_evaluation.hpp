// Measures the network of a run, as far as the run got.
#pragma once

#include <string>
#include <vector>

#include "run/run_network.hpp"
#include "step/evaluate.hpp"

namespace dha {

struct RunEvaluation {
  Measurement measured;
  // The stage with the validation_fraction that held the images out of the training images ("validation") or left them
  // in ("train"); empty if the split is the data set's own.
  std::string divided_by;
  RunProgress progress;
  std::vector<std::string> damage;  // RunNetwork::damage()
};

// `split`: "test", "validation" or "train", in evaluation geometry, as used by the stage whose network it is: if that
// stage held validation images out of the training images, "validation" are those and "train" the others. Throws
// Error{kUsage} for another name and for a split without images, and the errors of RunNetwork.
RunEvaluation evaluate_run(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                           at::Device device, Weights weights, const std::string& split, DataChange allowed);

}  // namespace dha
