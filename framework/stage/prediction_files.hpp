// The files with the predictions of a stage's network: predictions.csv, confusion.csv, per_class.csv and mistakes.png.
#pragma once

#include <optional>

#include "data/image_set.hpp"
#include "report/log.hpp"
#include "step/predictions.hpp"
#include "storage/run_directory.hpp"

namespace dha {

// The evaluations of one epoch.
struct EpochPredictions {
  std::optional<Predictions> validation, test;
};

// `validation`, `test`: the images that were evaluated. A split whose predictions are missing is left out; without any
// nothing is written. Throws Error{kIo} and the data set's exceptions.
void write_predictions(const RunDirectory& directory, const OpenDataset& dataset, const ImageSet& validation,
                       const ImageSet& test, const EpochPredictions& predictions, Log& log);

}  // namespace dha
