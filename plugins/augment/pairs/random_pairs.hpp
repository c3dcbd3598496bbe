// dha.random_pairs: tau's fixed counterpart, every ordered pair of operations equally likely.
#pragma once

#include "pair_augmenter.hpp"

namespace dha::pairs {

class RandomPairs : public PairAugmenter {
 public:
  static Schema schema();
  RandomPairs(const Params& params, Context& context);

  std::string policy() const override;

 protected:
  at::Tensor draw_pairs(int64_t count) override;
};

}  // namespace dha::pairs
