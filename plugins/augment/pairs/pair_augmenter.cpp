#include "pair_augmenter.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dha/images/apply.hpp"
#include "dha/images/image_batch.hpp"
#include "uniform_numbers.hpp"

namespace dha::pairs {

Schema PairAugmenter::with_common_parameters(Schema schema) {
  schema
      .real(
          "magnitude_max",
          "levels are drawn uniformly from [0, this] and clipped to 8; the paper searches with 1 and continues with 10")
      .range(0, 100)
      .def(1.0)
      .tunable(0, 10)
      .choice("mapping", "meaning of a level: as in the paper, or a strength that grows from zero",
              {"paper", "strength"})
      .def("paper")
      .choice("resampling", "of rotate, shear and translate; random: drawn for each call",
              {"random", "bilinear", "bicubic"})
      .def("random")
      .integers("fill",
                "colour of pixels from outside the image, one value or one per channel; default: the data set's mean",
                1, 3)
      .range(0, 255)
      .optional();
  return schema;
}

PairAugmenter::PairAugmenter(const Params& params, Context& context)
    : context_(context),
      magnitude_max_(params.real("magnitude_max")),
      scale_(params.string("mapping") == "paper" ? images::LevelScale::kPaper : images::LevelScale::kStrength),
      named_operations_(scale_, {kOperations.begin(), kOperations.end()}) {
  const std::string resampling = params.string("resampling");
  if (resampling != "random") resampling_ = resampling == "bilinear" ? Resampling::kBilinear : Resampling::kBicubic;
  if (params.has("fill"))
    for (const int64_t value : params.integers("fill")) given_fill_.push_back(static_cast<uint8_t>(value));
}

void PairAugmenter::prepare(const Stage& stage) {
  const DatasetInfo& info = stage.dataset();
  if (given_fill_.size() > 1 && static_cast<int64_t>(given_fill_.size()) != info.channels)
    throw Error(ErrorCode::kInvalidParameter, "parameter 'fill' has " + std::to_string(given_fill_.size()) +
                                                  " values, expected 1 or one for each of " +
                                                  std::to_string(info.channels) + " channels");
  const std::vector<uint8_t> colour = given_fill_.empty() ? images::mean_colour(info) : given_fill_;
  for (size_t channel = 0; channel < 3; ++channel) fill_[channel] = colour[std::min(channel, colour.size() - 1)];
  if (!context_.device().is_cpu())
    fill_on_device_ = images::colour_tensor({fill_.begin(), fill_.end()}, context_.device()).flatten();
}

// A number in [0, 1) decides all about an operation: its quarter the sign and the resampling, its place there the
// level.
images::OperationCall PairAugmenter::call_of(int64_t operation, double uniform) const {
  const double quarters = 4 * uniform;
  const int quarter = static_cast<int>(quarters);
  const double level = std::min((quarters - quarter) * magnitude_max_, images::maximum_level(scale_));
  const images::Operation own = kOperations[static_cast<size_t>(operation)];
  return {own, images::operation_value(own, level, 1 - 2 * (quarter & 1), scale_),
          resampling_.value_or(quarter < 2 ? Resampling::kBilinear : Resampling::kBicubic), fill_};
}

Augmented PairAugmenter::apply(const at::Tensor& batch, const at::Tensor& labels) {
  images::check_images(batch);
  const int64_t count = batch.size(0);
  if (count == 0) return {batch, labels, {}};
  const at::Tensor pairs = draw_pairs(count);
  return {batch.is_cpu() ? apply_on_host(batch, pairs) : apply_on_device(batch, pairs), labels, pairs};
}

at::Tensor PairAugmenter::apply_on_host(const at::Tensor& batch, const at::Tensor& pairs) const {
  const auto count = static_cast<size_t>(batch.size(0));
  const auto* pair = pairs.const_data_ptr<int64_t>();
  const std::vector<double> uniform = uniform_numbers(context_.generator(), batch.size(0) * 2);
  std::vector<images::OperationCall> calls(count * 2);
  for (size_t i = 0; i < count; ++i) {
    calls[2 * i] = call_of(pair[i] / kOperationCount, uniform[2 * i]);
    calls[2 * i + 1] = call_of(pair[i] % kOperationCount, uniform[2 * i + 1]);
  }
  return images::apply_operations(batch, calls);
}

// call_of() as tensors.
at::Tensor PairAugmenter::apply_on_device(const at::Tensor& batch, const at::Tensor& pairs) const {
  const at::Tensor operation = at::stack({pairs.floor_divide(kOperationCount), pairs.remainder(kOperationCount)}, 1);
  const at::Tensor quarters =
      4 * at::rand({pairs.size(0), 2}, context_.generator(), pairs.options().dtype(at::kDouble));
  const at::Tensor quarter = quarters.floor();
  const at::Tensor level = ((quarters - quarter) * magnitude_max_).clamp_max(images::maximum_level(scale_));
  const at::Tensor sign = 1 - 2 * quarter.remainder(2);
  const at::Tensor is_cubic =
      resampling_ ? at::full_like(operation, *resampling_ == Resampling::kBicubic, at::kBool) : quarter.ge(2);
  return images::apply_operations(batch,
                                  {operation, images::operation_values(operation, level, sign, scale_), is_cubic, {}},
                                  fill_on_device_.narrow(0, 0, batch.size(1)));
}

void* PairAugmenter::capability(std::string_view id) {
  if (id == ImageOperations::kCapability) return static_cast<ImageOperations*>(&named_operations_);
  return id == Replay::kCapability ? always_replayable() : nullptr;
}

}  // namespace dha::pairs
