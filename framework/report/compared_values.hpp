// The values of a pipeline that people compare between runs, by name: what TensorBoard calls hyper-parameters.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/pipeline.hpp"

namespace dha {

// Seed, precision, data set, and of each stage the host's keys and the parameters of its components: "seed",
// "search.epochs", "search.space" (the component's id), "search.space.channels", "search.augment" (the ids),
// "search.augment.dha.cutout.size_px", "search.hyper.learning_rate.0" (an item of a list of numbers).
//
// Each value is a number, a boolean or a text; lists of texts are one text. A name has the same type in every pipeline
// of the same components, since a reader that finds a number here and a text there drops rows. Left out: keys that
// hold no such value, and those whose type differs from file to file ("pick", "ranges").
std::vector<std::pair<std::string, nlohmann::ordered_json>> compared_values(const PipelineConfig& config);

}  // namespace dha
