// Reports classes with too few training images: an error, or a sentence for the log.
#pragma once

#include <string>

#include "data/image_set.hpp"

namespace dha {

// Throws Error{kData} that names the classes of which `dataset` has no training image at all.
void check_every_class_has_images(const OpenDataset& dataset);

// Names the classes of which `train` holds no image or a single one; empty where each has more. A limit may leave that.
std::string describe_rare_classes(const ImageSet& train);

}  // namespace dha
