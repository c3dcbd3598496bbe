// dha.trivial_augment: one operation per image, at a magnitude drawn uniformly (TrivialAugment, wide ranges).
#pragma once

#include "uniform_augmenter.hpp"

namespace dha::uniform {

class TrivialAugment : public UniformAugmenter {
 public:
  static Schema schema();
  TrivialAugment(const Params& params, Context& context);

 protected:
  std::vector<BinnedOperation> operations_for(int64_t height, int64_t width) const override;
  at::Tensor draw_bins(int64_t count) override;
};

}  // namespace dha::uniform
