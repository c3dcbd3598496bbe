#include "rand_augment.hpp"

#include <ATen/ops/full.h>

namespace dha::uniform {

Schema RandAugment::schema() {
  Schema schema("Image operations at one magnitude for every sample, operations drawn uniformly: RandAugment.");
  schema.integer("operations", "operations per sample, in sequence")
      .range(1, 16)
      .def(2)
      .tunable(1, 4)
      .integer("magnitude", "bin of the magnitude of all operations, below 'bins'")
      .range(0, 999)
      .def(9)
      .tunable(0, 30);
  return with_common_parameters(std::move(schema));
}

RandAugment::RandAugment(const Params& params, Context& context)
    : UniformAugmenter(params, context, params.integer("operations")), magnitude_(params.integer("magnitude")) {
  if (magnitude_ >= bins())
    throw Error(ErrorCode::kInvalidParameter, "'magnitude' must be below 'bins' (" + std::to_string(bins()) +
                                                  "), found " + std::to_string(magnitude_));
}

std::vector<BinnedOperation> RandAugment::operations_for(int64_t height, int64_t width) const {
  return rand_augment_operations(bins(), height, width);
}

at::Tensor RandAugment::draw_bins(int64_t count) {
  return at::full({count}, magnitude_, at::TensorOptions(context().device()).dtype(at::kLong));
}

}  // namespace dha::uniform
