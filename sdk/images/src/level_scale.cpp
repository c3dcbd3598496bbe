#include "dha/images/level_scale.hpp"

#include <algorithm>

#include "dha/images/call.hpp"

namespace dha::images {
namespace {

constexpr double kPbaMaximum = 10;

// The parameter of an operation whose largest is `most` on the scale of PBA, in the order of its authors' arithmetic.
double pba_share(double level, double most) { return level * most / kPbaMaximum; }

// Of operations whose parameter at a share u of the largest level is the same on every scale.
double common_value(Operation operation, double u, int sign) {
  switch (operation) {
    case Operation::kRotate:
      return sign * 30 * u;
    case Operation::kShearX:
    case Operation::kShearY:
      return sign * 0.3 * u;
    case Operation::kTranslateXRel:
    case Operation::kTranslateYRel:
      return sign * 0.45 * u;
    case Operation::kCutout:
      return static_cast<int>(20 * u);
    case Operation::kTranslateX:
    case Operation::kTranslateY:
      return sign * static_cast<int>(10 * u);
    default:
      return 1;
  }
}

double paper_value(Operation operation, double u, int sign) {
  switch (operation) {
    case Operation::kPosterize:
      return static_cast<int>(3 * u + 1);
    case Operation::kSolarize:
      return static_cast<int>(256 * u);
    case Operation::kColor:
    case Operation::kContrast:
    case Operation::kBrightness:
    case Operation::kSharpness:
      return 1.8 * u + 0.1;
    default:
      return common_value(operation, u, sign);
  }
}

double strength_value(Operation operation, double u, int sign) {
  switch (operation) {
    case Operation::kAutoContrast:
    case Operation::kEqualize:
      return u;
    case Operation::kPosterize:
      return 8 - static_cast<int>(7 * u);
    case Operation::kSolarize:
      return 256 - static_cast<int>(256 * u);
    case Operation::kColor:
    case Operation::kContrast:
    case Operation::kBrightness:
    case Operation::kSharpness:
      return 1 + sign * 0.9 * u;
    default:
      return common_value(operation, u, sign);
  }
}

double pba_value(Operation operation, double level, int sign) {
  switch (operation) {
    case Operation::kRotate:
      return sign * static_cast<int>(pba_share(level, 30));
    case Operation::kShearX:
    case Operation::kShearY:
      return sign * pba_share(level, 0.3);
    case Operation::kPosterize:
      return 4 - static_cast<int>(pba_share(level, 4));
    case Operation::kSolarize:
      return 256 - static_cast<int>(pba_share(level, 256));
    case Operation::kColor:
    case Operation::kContrast:
    case Operation::kBrightness:
    case Operation::kSharpness:
      return pba_share(level, 1.8) + 0.1;
    case Operation::kCutout:
      return static_cast<int>(pba_share(level, 20));
    case Operation::kTranslateX:
    case Operation::kTranslateY:
      return sign * static_cast<int>(pba_share(level, 10));
    default:
      return common_value(operation, level / kPbaMaximum, sign);
  }
}

}  // namespace

std::optional<Operation> find_operation(std::string_view name) {
  const auto found = std::find(kOperationNames.begin(), kOperationNames.end(), name);
  if (found == kOperationNames.end()) return std::nullopt;
  return static_cast<Operation>(found - kOperationNames.begin());
}

double maximum_level(LevelScale scale) { return scale == LevelScale::kPba ? kPbaMaximum : 8; }

double operation_value(Operation operation, double level, int sign, LevelScale scale) {
  if (scale == LevelScale::kPba) return pba_value(operation, level, sign);
  const double u = level / maximum_level(scale);
  return scale == LevelScale::kPaper ? paper_value(operation, u, sign) : strength_value(operation, u, sign);
}

bool leaves_image(Operation operation, double value) {
  switch (operation) {
    case Operation::kIdentity:
      return true;
    case Operation::kInvert:
      return false;
    case Operation::kPosterize:
      return value >= 8;
    case Operation::kSolarize:
      return value >= 256;
    case Operation::kColor:
    case Operation::kContrast:
    case Operation::kBrightness:
    case Operation::kSharpness:
      return value == 1;
    default:
      return value == 0;
  }
}

}  // namespace dha::images
