// Mean and standard deviation of training pixels, for data sets without statistics of their own.
#pragma once

#include <vector>

#include "data/image_set.hpp"

namespace dha {

struct PixelStatistics {
  std::vector<double> mean, standard_deviation;  // per channel, of pixels in [0, 1]
};

// Over the evaluation crops of the first `most` images of `set`, in float64, exact sums: the same bits on every
// machine. A constant channel gets standard deviation 1. `threads` read images that are not in memory.
PixelStatistics measure_statistics(const ImageSet& set, int64_t most, int64_t threads);

}  // namespace dha
