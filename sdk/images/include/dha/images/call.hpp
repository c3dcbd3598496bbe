// One image operation with its parameters.
#pragma once

#include <array>
#include <cstdint>

#include "dha/image_operations.hpp"
#include "dha/images/export.hpp"
#include "dha/images/operation.hpp"

namespace dha::images {

struct OperationCall {
  Operation operation = Operation::kIdentity;
  // auto_contrast, equalize: share of the effect in [0, 1]. rotate: degrees in (-90, 90), counter-clockwise.
  // posterize: bits kept, 0 to 8. solarize: lowest value that is inverted, 0 to 256. color, contrast, brightness,
  // sharpness: factor, 1 leaves the image unchanged. shear_x, shear_y: px of shift per px. translate_x_rel,
  // translate_y_rel: share of the side. translate_x, translate_y: px. cutout: side of the square, whole px >= 0.
  // identity, invert: ignored.
  double value = 0;
  Resampling resampling = Resampling::kBilinear;
  std::array<uint8_t, 3> fill{};  // per channel, for pixels from outside the image and for cutout's square
  // The centre of cutout's square as shares of width and height, in [0, 1): the pixel at int(share * side). The square
  // covers `side` px from centre - side / 2 (rounded down) and may be cut by the border.
  double centre_x = 0.5, centre_y = 0.5;
};

// Whether an operation with this value leaves every image unchanged.
DHA_IMAGES_API bool leaves_image(Operation operation, double value);

}  // namespace dha::images
