// The images of a stage, for training, validation, test, and probes of hyper-parameters.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "data/batch_feed.hpp"
#include "data/cycling_feed.hpp"
#include "data/image_set.hpp"
#include "dha/hyper_optimizer.hpp"
#include "pipeline/pipeline.hpp"

namespace dha {

// The sets that all stages of a run share, after the pipeline's limits.
struct RunImages {
  ImageSet train, validation, test;  // validation and test may be empty
};

// Throws Error{kData} if a limit leaves nothing.
RunImages choose_images(const OpenDataset& dataset, const DatasetUse& use, uint64_t seed);

// The images that a stage trains and validates on.
struct StageImages {
  ImageSet train, validation;  // validation may be empty
  bool holds_out = false;      // validation is a held-out part of the training images
};

// How many images a stage has; empty while the data set is not open.
struct StageImageCounts {
  std::optional<int64_t> training, validation;
};

StageImageCounts count_images(const StageImages& images);

// `run_seed`: stages and trials that hold out the same share hold out the same images, and a smaller share is a subset
// of a larger one, up to rounding, so that a stage does not validate on images that a stage with at least the same
// share was trained on.
StageImages choose_stage_images(const RunImages& images, const StageConfig& config, uint64_t run_seed);

struct StageData {
  std::unique_ptr<BatchFeed> train;
  std::unique_ptr<BatchFeed> validation;        // whole, in order; null if the stage has no validation images
  std::unique_ptr<BatchFeed> test;              // null if the data set has no test images
  std::unique_ptr<CyclingFeed> search_batches;  // endless validation images, for bilevel searchers; may be null
  std::unique_ptr<CyclingFeed> probe_batches;   // for a hyper-optimizer that requests separate batches; may be null
  std::unique_ptr<BatchFeed> calibration;       // make_calibration_feed()
};

// Forward passes that recompute running statistics of which each pass keeps nine tenths.
inline constexpr int64_t kCalibrationBatches = 50;

// Some training images without augmentation, at most kCalibrationBatches batches and the same in each call, to
// recompute running statistics for other weights or gates. Read without threads, because few stages use it.
std::unique_ptr<BatchFeed> make_calibration_feed(const ImageSet& train, int64_t batch_size, at::Device device);

// `path`: of the stage or trial, which seeds its orders. `plan`: of its hyper-optimizer. Throws Error{kInvalidConfig}
// if the plan needs validation images and there are none.
StageData make_stage_data(const RunImages& images, const StageConfig& config, const ProbePlan& plan, uint64_t run_seed,
                          const std::string& path, at::Device device, int64_t threads);

}  // namespace dha
