#include "operations.hpp"

#include <algorithm>

namespace dha::pairs {
namespace {

double paper_value(Operation operation, double u) {
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
      return 1;
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
      return 1;
  }
}

}  // namespace

std::optional<Operation> find_operation(std::string_view name) {
  const auto found = std::find(kOperationNames.begin(), kOperationNames.end(), name);
  if (found == kOperationNames.end()) return std::nullopt;
  return static_cast<Operation>(found - kOperationNames.begin());
}

double operation_value(Operation operation, double level, int sign, Mapping mapping) {
  const double u = level / kMaximumLevel;
  switch (operation) {
    case Operation::kRotate:
      return sign * 30 * u;
    case Operation::kShearX:
    case Operation::kShearY:
      return sign * 0.3 * u;
    case Operation::kTranslateXRel:
    case Operation::kTranslateYRel:
      return sign * 0.45 * u;
    default:
      return mapping == Mapping::kPaper ? paper_value(operation, u) : strength_value(operation, u, sign);
  }
}

bool leaves_image(Operation operation, double value) {
  switch (operation) {
    case Operation::kIdentity:
      return true;
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

}  // namespace dha::pairs
