#include "random_pairs.hpp"

#include <ATen/ops/randint.h>

#include <vector>

#include "policy.hpp"

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

std::string RandomPairs::policy() const {
  return policy_json(std::vector<double>(kPairCount, 1.0 / kPairCount).data());
}

}  // namespace dha::pairs
