#include "dha/images/pixels.hpp"

#include <cstring>

#include "colour.hpp"
#include "geometry.hpp"
#include "pixel_math.hpp"

namespace dha::images {
namespace {

void cut_out(const OperationCall& call, const ImageShape& shape, const uint8_t* source, uint8_t* target) {
  std::memcpy(target, source, shape.size());
  const CutSquare square =
      cut_square(static_cast<int>(call.value), call.centre_x, call.centre_y, shape.width, shape.height);
  if (square.right <= square.left) return;
  for (int channel = 0; channel < shape.channels; ++channel, target += shape.plane())
    for (int y = square.top; y < square.bottom; ++y)
      std::memset(target + static_cast<int64_t>(y) * shape.width + square.left, call.fill[channel],
                  square.right - square.left);
}

}  // namespace

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
      return rotate(call, shape, call.value, source, target, workspace.buffers());
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
      return shear_x(call, shape, map().b, source, target, workspace.buffers());
    case Operation::kShearY:
      return shear_y(call, shape, map().d, source, target, workspace.buffers());
    case Operation::kTranslateX:
    case Operation::kTranslateXRel:
      return translate_x(call, shape, map().c, source, target, workspace.buffers());
    case Operation::kTranslateY:
    case Operation::kTranslateYRel:
      return translate_y(call, shape, map().f, source, target, workspace.buffers());
    case Operation::kInvert:
      return solarize(shape, source, target, 0);
    case Operation::kCutout:
      return cut_out(call, shape, source, target);
    case Operation::kIdentity:
      std::memcpy(target, source, shape.size());
  }
}

}  // namespace dha::images
