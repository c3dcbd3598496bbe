// Draws the crop of a stored image: random resized crops in training, a centre crop in evaluation.
#pragma once

#include <cstdint>

#include "dha/dataset.hpp"

namespace dha {

// The largest centre part of a stored image with the shape of the result, height x width px: all of an image that has
// it. Sides are rounded half to even.
ImageRequest largest_centre_crop(ImageSize stored, int64_t height, int64_t width);

// For one policy and one size of result. Every request is inside its image, down to images of one pixel, and is the
// same on every machine. [any thread]
class CropGeometry {
 public:
  // height, width: of the result, px, at least 1. Throws Error{kContractViolation} for a policy out of its ranges.
  CropGeometry(const CropPolicy& policy, int64_t height, int64_t width);

  // The crop of image `index` in epoch `epoch`: torchvision's RandomResizedCrop.get_params (area uniform, aspect
  // log-uniform, ten tries, then the largest centre crop within the aspects) and a flip. Without random_resized it is
  // evaluation(). Throws Error{kContractViolation} for a stored image without pixels.
  ImageRequest training(ImageSize stored, uint64_t seed, int64_t epoch, int64_t index) const;

  // The centre square of evaluation_fraction times the shorter side.
  ImageRequest evaluation(ImageSize stored) const;

 private:
  CropPolicy policy_;
  int64_t height_, width_;
};

}  // namespace dha
