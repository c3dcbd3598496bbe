// The pictures that a run leaves for its report.
#pragma once

#include <cstdint>

namespace dha {

// The test images that were misjudged with the highest probabilities, at most kKeptMistakes of them, side by side in
// that order; those of equal probability in the order of predictions.csv.
inline constexpr const char* kMistakesFile = "mistakes.png";
inline constexpr int64_t kKeptMistakes = 24;

// Some training images, and below them the same as a step sees them: by the augmenters of the run's first stage before
// its first step, and by those of the last stage so far after its last one.
inline constexpr const char* kEarlyAugmentedFile = "augmented_early.png";
inline constexpr const char* kLateAugmentedFile = "augmented_late.png";

}  // namespace dha
