#include "random_pairs.hpp"

#include <ATen/ops/randint.h>

namespace dha::pairs {

Schema RandomPairs::schema() {
  return with_common_parameters(
      Schema("Two image operations in sequence for each sample, every ordered pair equally likely."));
}

RandomPairs::RandomPairs(const Params& params, Context& context) : PairAugmenter(params, context) {}

at::Tensor RandomPairs::draw_pairs(int64_t count) {
  return at::randint(kPairCount, {count}, context().generator(),
                     at::TensorOptions(context().device()).dtype(at::kLong));
}

}  // namespace dha::pairs
