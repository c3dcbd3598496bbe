// dha.rand_augment: some operations per image, all at one magnitude (RandAugment).
#pragma once

#include "uniform_augmenter.hpp"

namespace dha::uniform {

class RandAugment : public UniformAugmenter {
 public:
  static Schema schema();
  RandAugment(const Params& params, Context& context);

 protected:
  std::vector<BinnedOperation> operations_for(int64_t height, int64_t width) const override;
  at::Tensor draw_bins(int64_t count) override;

 private:
  int64_t magnitude_;
};

}  // namespace dha::uniform
