// The common part of TrivialAugment and RandAugment: each image gets operations that are drawn uniformly, one after
// another.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dha/plugin.hpp"
#include "operation_table.hpp"

namespace dha::uniform {

class UniformAugmenter : public Augmenter {
 public:
  void prepare(const Stage& stage) override;
  Augmented apply(const at::Tensor& images, const at::Tensor& labels) override;
  void* capability(std::string_view id) override;

 protected:
  // `operations`: of each image.
  UniformAugmenter(const Params& params, Context& context, int64_t operations);

  // Adds the parameters that both have.
  static Schema with_common_parameters(Schema schema);

  Context& context() const { return context_; }
  int64_t bins() const { return bins_; }

  virtual std::vector<BinnedOperation> operations_for(int64_t height, int64_t width) const = 0;

  // The bin of each of `count` images: int64 (count), on the context's device.
  virtual at::Tensor draw_bins(int64_t count) = 0;

  at::Tensor draw(int64_t below, int64_t count) const;

 private:
  void make_table(int64_t height, int64_t width);

  Context& context_;
  const int64_t bins_, per_image_;
  std::vector<uint8_t> fill_;  // one value or one per channel
  at::Tensor fill_on_device_;  // uint8 (channels)
  int64_t operations_ = 0;     // to draw from
  std::optional<OperationTable> table_;
};

}  // namespace dha::uniform
