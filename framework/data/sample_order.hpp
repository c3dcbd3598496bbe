// The images that a stage uses and their order: permutations and splits that are the same on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dha {

// Indices 0 to n-1 in the order of an epoch (epoch >= 0). Each order is equally likely, up to the generator.
std::vector<int64_t> epoch_permutation(int64_t n, uint64_t seed, int64_t epoch);

// A permutation of the images. For every m and every class with n of the N images, its first m have m n / N of that
// class, with an error below one image. Within a class the order is random.
// (Earliest deadline first on the windows of Tijdeman, The Chairman Assignment Problem, Discrete Mathematics 32, 1980.)
std::vector<int64_t> stratified_order(std::span<const int64_t> labels, uint64_t seed);

struct TrainValidationSplit {
  std::vector<int64_t> train, validation;  // ascending; disjoint; together all images
};

// Takes `fraction` of each class, in [0, 1), for validation: rounded so that the total is round(fraction N), except
// that with fraction > 0 each class of at least two images has one on either side, and a class of one stays in train.
// Throws Error{kInvalidConfig} for other fractions.
TrainValidationSplit stratified_split(std::span<const int64_t> labels, double fraction, uint64_t seed);

}  // namespace dha
