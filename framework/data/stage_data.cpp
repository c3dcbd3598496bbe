#include "data/stage_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "data/sample_order.hpp"
#include "data/seeds.hpp"
#include "dha/error.hpp"

namespace dha {

namespace {

ImageSet whole(const OpenDataset& dataset, Split split) {
  std::vector<int64_t> indices(dataset.size(split));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  return ImageSet(dataset, split, std::move(indices));
}

ImageSet limited(const ImageSet& set, std::optional<int64_t> limit, uint64_t seed) {
  if (!limit || *limit >= set.size()) return set;
  std::vector<int64_t> order = stratified_order(set.labels(), seed);
  order.resize(*limit);
  return set.subset(order);
}

// A share of the images in a stratified order, but no fewer than `least`: a probe on one image tells little, batch
// norm cannot take it, and it may be one that cannot be read.
ImageSet share(const ImageSet& set, double fraction, int64_t least, uint64_t seed) {
  const auto count = static_cast<int64_t>(static_cast<double>(set.size()) * fraction);
  return limited(set, std::max(least, count), seed);
}

}  // namespace

RunImages choose_images(const OpenDataset& dataset, const DatasetUse& use, uint64_t seed) {
  RunImages images;
  images.train = limited(whole(dataset, Split::kTrain), use.limit_train, derive_seed(seed, "limit_train"));
  images.validation = whole(dataset, Split::kValidation);
  images.test = limited(whole(dataset, Split::kTest), use.limit_test, derive_seed(seed, "limit_test"));
  if (images.train.empty()) throw Error(ErrorCode::kData, dataset.id() + ": limit_train leaves no training image");
  return images;
}

StageImages choose_stage_images(const RunImages& images, const StageConfig& config, uint64_t run_seed) {
  if (!images.validation.empty() || config.validation_fraction == 0) return {images.train, images.validation};
  const TrainValidationSplit split =
      stratified_split(images.train.labels(), config.validation_fraction, derive_seed(run_seed, "validation"));
  return {images.train.subset(split.train), images.train.subset(split.validation), true};
}

std::unique_ptr<BatchFeed> make_calibration_feed(const ImageSet& train, int64_t batch_size, at::Device device) {
  std::vector<int64_t> order = stratified_order(train.labels(), 0);
  order.resize(std::min<size_t>(order.size(), static_cast<size_t>(kCalibrationBatches * batch_size)));
  return make_feed(train.subset(order), {.batch_size = batch_size, .device = device});
}

StageImageCounts count_images(const StageImages& images) { return {images.train.size(), images.validation.size()}; }

StageData make_stage_data(const RunImages& images, const StageConfig& config, const ProbePlan& plan, uint64_t run_seed,
                          const std::string& path, at::Device device, int64_t threads) {
  const auto [train, validation, holds_out] = choose_stage_images(images, config, run_seed);
  const uint64_t seed = derive_seed(run_seed, path);
  const FeedOptions plain{.batch_size = config.batch_size, .seed = seed, .device = device, .threads = threads};
  StageData data;
  FeedOptions training = plain;
  training.shuffle = training.random_geometry = training.drop_incomplete = true;
  training.seed = derive_seed(seed, "train");
  data.train = make_feed(train, training);
  if (!validation.empty()) data.validation = make_feed(validation, plain);
  data.calibration = make_calibration_feed(train, config.batch_size, device);
  if (!images.test.empty()) data.test = make_feed(images.test, plain);

  const auto cycling = [&](const ImageSet& set, std::string_view purpose) {
    FeedOptions options = plain;
    options.shuffle = options.drop_incomplete = true;
    options.seed = derive_seed(seed, purpose);
    return std::make_unique<CyclingFeed>(make_feed(set, options));
  };
  if (!validation.empty() && config.searcher) data.search_batches = cycling(validation, "search_batches");
  if (plan.time != ProbeTime::kBatch || plan.data == ProbeData::kSameBatch) return data;
  if (plan.data == ProbeData::kValidation && validation.empty())
    throw Error(ErrorCode::kInvalidConfig,
                fmt::format("stage '{}': {} probes on validation images and there are none; set validation_fraction",
                            config.name, config.hyper.id));
  data.probe_batches =
      cycling(plan.data == ProbeData::kValidation
                  ? validation
                  : share(train, plan.subset_fraction, config.batch_size, derive_seed(seed, "probe_subset")),
              "probe_batches");
  return data;
}

}  // namespace dha
