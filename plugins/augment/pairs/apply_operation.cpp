#include "apply_operation.hpp"

#include <cstring>

#include "colour.hpp"
#include "geometry.hpp"
#include "pixel_math.hpp"

namespace dha::pairs {

void apply_operation(const OperationCall& call, const ImageShape& shape, const uint8_t* source, uint8_t* target,
                     Workspace& workspace) {
  const float factor = static_cast<float>(call.value);
  const int whole = static_cast<int>(call.value);
  const auto map = [&] { return affine_map(call.operation, call.value, shape.width, shape.height); };
  switch (call.operation) {
    case Operation::kAutoContrast:
      return auto_contrast(shape, source, target, factor);
    case Operation::kEqualize:
      return equalize(shape, source, target, factor);
    case Operation::kRotate:
      return rotate(call, shape, call.value, source, target, workspace);
    case Operation::kPosterize:
      return posterize(shape, source, target, whole);
    case Operation::kSolarize:
      return solarize(shape, source, target, whole);
    case Operation::kColor:
      return color(shape, source, target, factor);
    case Operation::kContrast:
      return contrast(shape, source, target, factor);
    case Operation::kBrightness:
      return brightness(shape, source, target, factor);
    case Operation::kSharpness:
      return sharpness(shape, source, target, factor);
    case Operation::kShearX:
      return shear_x(call, shape, map().b, source, target, workspace);
    case Operation::kShearY:
      return shear_y(call, shape, map().d, source, target, workspace);
    case Operation::kTranslateXRel:
      return translate_x(call, shape, map().c, source, target, workspace);
    case Operation::kTranslateYRel:
      return translate_y(call, shape, map().f, source, target, workspace);
    case Operation::kIdentity:
      std::memcpy(target, source, shape.size());
  }
}

void apply_pair(const std::array<OperationCall, 2>& calls, const ImageShape& shape, const uint8_t* source,
                uint8_t* target, Workspace& workspace) {
  const bool first_idle = leaves_image(calls[0].operation, calls[0].value);
  const bool second_idle = leaves_image(calls[1].operation, calls[1].value);
  if (first_idle && second_idle) {
    std::memcpy(target, source, shape.size());
  } else if (first_idle || second_idle) {
    apply_operation(calls[first_idle ? 1 : 0], shape, source, target, workspace);
  } else {
    uint8_t* between = workspace.image(shape.size());
    apply_operation(calls[0], shape, source, between, workspace);
    apply_operation(calls[1], shape, between, target, workspace);
  }
}

}  // namespace dha::pairs
