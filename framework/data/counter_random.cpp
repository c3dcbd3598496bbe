#include "data/counter_random.hpp"

namespace dha {

namespace {

uint32_t low(uint64_t value) { return static_cast<uint32_t>(value); }
uint32_t high(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

}  // namespace

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t first = uint64_t{0xD2511F53} * counter[0];
    const uint64_t second = uint64_t{0xCD9E8D57} * counter[2];
    counter = {high(second) ^ counter[1] ^ key[0], low(second), high(first) ^ counter[3] ^ key[1], low(first)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

CounterRandom::CounterRandom(uint64_t seed, RandomPurpose purpose, int64_t epoch, int64_t index)
    : key_{low(seed), high(seed)},
      counter_{0, low(static_cast<uint64_t>(index)), high(static_cast<uint64_t>(index)),
               static_cast<uint32_t>(epoch) << 8 | static_cast<uint32_t>(purpose)} {}

uint32_t CounterRandom::next() {
  if (used_ == block_.size()) {
    block_ = philox(counter_, key_);
    ++counter_[0];
    used_ = 0;
  }
  return block_[used_++];
}

double CounterRandom::uniform() {
  const uint64_t upper = next();
  const uint64_t bits = upper << 32 | next();
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

uint64_t CounterRandom::below(uint64_t bound) {
  // Numbers above the last whole multiple of bound would favour small results.
  const uint64_t excess = (UINT64_MAX % bound + 1) % bound;
  for (;;) {
    const uint64_t upper = next();
    const uint64_t bits = upper << 32 | next();
    if (bits <= UINT64_MAX - excess) return bits % bound;
  }
}

}  // namespace dha
