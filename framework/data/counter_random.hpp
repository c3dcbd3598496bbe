// Random numbers that depend only on their purpose: a counter-based generator.
//
// Draws for one sample of one epoch do not depend on earlier draws, on the thread or on the machine. std::shuffle and
// the distributions of <random> differ between standard libraries, so none is used.
#pragma once

#include <array>
#include <cstdint>

namespace dha {

// Philox4x32-10 (Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011): 128 random bits for a counter
// under a key.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// The purpose of a stream of numbers. Results of every run depend on these values: never change one.
enum class RandomPurpose : uint32_t { kEpochOrder = 1, kStratifiedOrder = 2, kStratifiedSplit = 3, kCrop = 4 };

// The stream of numbers for (seed, purpose, epoch, index). Cheap to create: one per sample. [one thread at a time]
class CounterRandom {
 public:
  // epoch in [0, 2^24); index in [0, 2^63). A stream has 2^32 numbers of 32 bits.
  CounterRandom(uint64_t seed, RandomPurpose purpose, int64_t epoch, int64_t index);

  uint32_t next();
  double uniform();                // in [0, 1), a multiple of 2^-53
  uint64_t below(uint64_t bound);  // in [0, bound), each equally likely; bound >= 1

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> block_{};
  unsigned used_ = 4;
};

}  // namespace dha
