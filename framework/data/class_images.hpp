// Reports classes with too few training images: an error, or a sentence for the log.
#pragma once

#include <string>

#include "data/image_set.hpp"

namespace dha {

// Throws Error{kData} that names the classes without a training image in `dataset`.
void check_every_class_has_images(const OpenDataset& dataset);

// Names the classes with at most one image in `train`, as a limit may cause; empty if each has more.
std::string describe_rare_classes(const ImageSet& train);

}  // namespace dha
