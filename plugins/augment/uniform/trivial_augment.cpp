#include "trivial_augment.hpp"

namespace dha::uniform {

Schema TrivialAugment::schema() {
  return with_common_parameters(
      Schema("One image operation per sample, operation and magnitude drawn uniformly: TrivialAugment, wide."));
}

TrivialAugment::TrivialAugment(const Params& params, Context& context) : UniformAugmenter(params, context, 1) {}

std::vector<BinnedOperation> TrivialAugment::operations_for(int64_t, int64_t) const { return wide_operations(bins()); }

at::Tensor TrivialAugment::draw_bins(int64_t count) { return draw(bins(), count); }

}  // namespace dha::uniform
