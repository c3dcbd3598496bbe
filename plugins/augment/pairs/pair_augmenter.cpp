#include "pair_augmenter.hpp"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <string>
#include <vector>

#include "../colour_tensor.hpp"
#include "../image_batch.hpp"
#include "apply_operation.hpp"
#include "pair_operator.hpp"
#include "uniform_numbers.hpp"

namespace dha::pairs {

Schema PairAugmenter::with_common_parameters(Schema schema) {
  schema
      .real("magnitude_max",
            "levels are drawn uniformly from [0, this] and clipped to 8; the paper searches with 1 and goes on with 10")
      .range(0, 100)
      .def(1.0)
      .tunable()
      .choice("mapping", "what a level means: as in the paper, or a strength that grows from none",
              {"paper", "strength"})
      .def("paper")
      .choice("resampling", "of rotate, shear and translate; random: drawn for each call",
              {"random", "bilinear", "bicubic"})
      .def("random")
      .integers("fill", "colour of pixels from outside the image, one value or one a channel; else the data set's mean",
                1, 3)
      .range(0, 255)
      .optional();
  return schema;
}

PairAugmenter::PairAugmenter(const Params& params, Context& context)
    : context_(context),
      magnitude_max_(params.real("magnitude_max")),
      mapping_(params.string("mapping") == "paper" ? Mapping::kPaper : Mapping::kStrength),
      image_code_(mapping_) {
  const std::string resampling = params.string("resampling");
  if (resampling != "random") resampling_ = resampling == "bilinear" ? Resampling::kBilinear : Resampling::kBicubic;
  if (params.has("fill"))
    for (const int64_t value : params.integers("fill")) given_fill_.push_back(static_cast<uint8_t>(value));
}

void PairAugmenter::prepare(const DatasetInfo& info) {
  if (given_fill_.size() > 1 && static_cast<int64_t>(given_fill_.size()) != info.channels)
    throw Error(ErrorCode::kInvalidParameter, "parameter 'fill' has " + std::to_string(given_fill_.size()) +
                                                  " values, expected 1 or one for each of " +
                                                  std::to_string(info.channels) + " channels");
  const std::vector<uint8_t> colour = given_fill_.empty() ? mean_colour(info) : given_fill_;
  for (size_t channel = 0; channel < 3; ++channel) fill_[channel] = colour[std::min(channel, colour.size() - 1)];
  if (!context_.device().is_cpu())
    fill_on_device_ = colour_tensor({fill_.begin(), fill_.end()}, context_.device()).squeeze(3);
}

// A number in [0, 1) decides all about an operation: its quarter the sign and the resampling, its place there the
// level.
OperationCall PairAugmenter::call_of(int64_t operation, double uniform) const {
  const double quarters = 4 * uniform;
  const int quarter = static_cast<int>(quarters);
  const double level = std::min((quarters - quarter) * magnitude_max_, kMaximumLevel);
  const auto own = static_cast<Operation>(operation);
  return {own, operation_value(own, level, 1 - 2 * (quarter & 1), mapping_),
          resampling_.value_or(quarter < 2 ? Resampling::kBilinear : Resampling::kBicubic), fill_};
}

Augmented PairAugmenter::apply(const at::Tensor& images, const at::Tensor& labels) {
  check_images(images);
  const int64_t count = images.size(0);
  if (count == 0) return {images, labels, {}};
  const at::Tensor pairs = draw_pairs(count);
  return {images.is_cpu() ? apply_on_host(images, pairs) : apply_on_device(images, pairs), labels, pairs};
}

at::Tensor PairAugmenter::apply_on_host(const at::Tensor& images, const at::Tensor& pairs) const {
  const at::Tensor source = images.contiguous();
  at::Tensor target = at::empty_like(source);
  const ImageShape shape{static_cast<int>(source.size(1)), static_cast<int>(source.size(2)),
                         static_cast<int>(source.size(3))};
  const uint8_t* from = source.const_data_ptr<uint8_t>();
  uint8_t* to = target.mutable_data_ptr<uint8_t>();
  const auto* pair = pairs.const_data_ptr<int64_t>();
  // All draws of the batch ahead of the work, so that the result does not depend on how threads share it.
  const std::vector<double> uniform = uniform_numbers(context_.generator(), source.size(0) * 2);
  at::parallel_for(0, source.size(0), 1, [&](int64_t begin, int64_t end) {
    Workspace workspace;
    for (int64_t i = begin; i < end; ++i) {
      const double* own = &uniform[static_cast<size_t>(i) * 2];
      apply_pair({call_of(pair[i] / kOperationCount, own[0]), call_of(pair[i] % kOperationCount, own[1])}, shape,
                 from + i * shape.size(), to + i * shape.size(), workspace);
    }
  });
  return target;
}

// call_of() and apply_pair() as tensors.
at::Tensor PairAugmenter::apply_on_device(const at::Tensor& images, const at::Tensor& pairs) const {
  const at::Tensor operation = at::stack({pairs.floor_divide(kOperationCount), pairs.remainder(kOperationCount)}, 1);
  const at::Tensor quarters =
      4 * at::rand({pairs.size(0), 2}, context_.generator(), pairs.options().dtype(at::kDouble));
  const at::Tensor quarter = quarters.floor();
  const at::Tensor level = ((quarters - quarter) * magnitude_max_).clamp_max(kMaximumLevel);
  const at::Tensor sign = 1 - 2 * quarter.remainder(2);
  const at::Tensor is_cubic =
      resampling_ ? at::full_like(operation, *resampling_ == Resampling::kBicubic, at::kBool) : quarter.ge(2);
  return apply_pairs(images.contiguous(), {operation, operation_values(operation, level, sign, mapping_), is_cubic},
                     fill_on_device_.narrow(1, 0, images.size(1)));
}

const void* PairAugmenter::capability(std::string_view id) const {
  if (id == ImageOperations::kCapability) return static_cast<const ImageOperations*>(&image_code_);
  return id == Replay::kCapability ? always_replayable() : nullptr;
}

}  // namespace dha::pairs
