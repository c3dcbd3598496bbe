// Pictures of what a stage's augmenters make of training images.
#pragma once

#include <filesystem>

#include "component/stage_parts.hpp"
#include "data/image_set.hpp"

namespace dha {

// Writes a PNG whose first row has up to eight images of `train`, of different classes, and whose other three rows have
// them as the stage would train on them, each drawn anew. Works on copies of the augmenters: the stage draws as it
// would have without. `environment`: of `parts`. Throws Error{kIo} and the components' exceptions.
void write_augmented_images(const std::filesystem::path& file, const StageParts& parts,
                            const StageEnvironment& environment, const ImageSet& train);

}  // namespace dha
