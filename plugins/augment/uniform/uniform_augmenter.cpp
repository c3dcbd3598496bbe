#include "uniform_augmenter.hpp"

#include <ATen/ops/randint.h>

#include "dha/images/image_batch.hpp"

namespace dha::uniform {

Schema UniformAugmenter::with_common_parameters(Schema schema) {
  schema.integer("bins", "magnitudes per operation, from the smallest to the largest")
      .range(2, 1000)
      .def(31)
      .integers("fill", "colour of pixels from outside the image, one value or one per channel", 1, 3)
      .range(0, 255)
      .def(std::vector<int64_t>{0});
  return schema;
}

UniformAugmenter::UniformAugmenter(const Params& params, Context& context, int64_t operations)
    : context_(context), bins_(params.integer("bins")), per_image_(operations) {
  for (const int64_t value : params.integers("fill")) fill_.push_back(static_cast<uint8_t>(value));
}

void UniformAugmenter::prepare(const Stage& stage) {
  const DatasetInfo& info = stage.dataset();
  const auto channels = static_cast<size_t>(info.channels);
  if (fill_.size() != 1 && fill_.size() != channels)
    throw Error(ErrorCode::kInvalidParameter, "parameter 'fill' has " + std::to_string(fill_.size()) +
                                                  " values, expected 1 or one for each of " + std::to_string(channels) +
                                                  " channels");
  if (fill_.size() == 1) fill_.assign(channels, fill_[0]);
  fill_on_device_ = images::colour_tensor(fill_, context_.device()).flatten();
  make_table(info.height, info.width);
}

void UniformAugmenter::make_table(int64_t height, int64_t width) {
  const std::vector<BinnedOperation> operations = operations_for(height, width);
  operations_ = static_cast<int64_t>(operations.size());
  table_.emplace(operations, bins_, height, width, context_.device());
}

at::Tensor UniformAugmenter::draw(int64_t below, int64_t count) const {
  return at::randint(below, {count}, context_.generator(), at::TensorOptions(context_.device()).dtype(at::kLong));
}

Augmented UniformAugmenter::apply(const at::Tensor& batch, const at::Tensor& labels) {
  images::check_images(batch);
  const int64_t count = batch.size(0);
  if (count == 0) return {batch, labels, {}};
  if (table_->height() != batch.size(2) || table_->width() != batch.size(3)) make_table(batch.size(2), batch.size(3));
  at::Tensor images = batch;
  for (int64_t i = 0; i < per_image_; ++i) {
    const at::Tensor operation = draw(operations_, count), bin = draw_bins(count), negative = draw(2, count);
    images = table_->apply(images, table_->rows(operation, bin, negative), fill_on_device_);
  }
  return {images, labels, {}};
}

void* UniformAugmenter::capability(std::string_view id) {
  return id == Replay::kCapability ? always_replayable() : nullptr;
}

}  // namespace dha::uniform
