// The names of the image operations, and the meaning of a level for each of them.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "dha/images/export.hpp"
#include "dha/images/operation.hpp"

namespace dha::images {

// In the order of Operation.
inline constexpr std::array<const char*, kOperationCount> kOperationNames = {
    "auto_contrast",   "equalize",   "rotate",    "posterize", "solarize",    "color",
    "contrast",        "brightness", "sharpness", "shear_x",   "shear_y",     "translate_x_rel",
    "translate_y_rel", "identity",   "invert",    "cutout",    "translate_x", "translate_y"};

constexpr const char* operation_name(Operation operation) { return kOperationNames[static_cast<size_t>(operation)]; }

// Empty if no operation has that name.
DHA_IMAGES_API std::optional<Operation> find_operation(std::string_view name);

// How a level becomes the parameter of an operation (OperationCall::value). u is the level as a share of the largest.
enum class LevelScale {
  // Levels in [0, 8], as the authors of DHA use them: level 0 is the strongest posterize and solarize, and factor 0.1
  // of the enhancements. Operations that DHA lacks (cutout, translate_x, translate_y) are PBA's at its level 10u.
  kPaper,
  // Levels in [0, 8], not in the paper: level 0 leaves the image unchanged, and the effect grows with the level. Color,
  // contrast, brightness and sharpness use the sign (factor 1 + sign * 0.9u), posterize keeps 8 to 1 bits, solarize's
  // threshold falls from 256 to 0, and auto_contrast and equalize are blended with the image by u. Invert has no level.
  // The other operations use the paper's scale.
  kStrength,
  // Levels in [0, 10] of Population Based Augmentation (Ho et al. 2019), as in its authors' code: rotate by
  // int(3 level) degrees, shear by 0.03 level, translate by int(level) px, posterize to 4 - int(0.4 level) bits,
  // solarize from 256 - int(25.6 level), enhance by 0.1 + 0.18 level, cut out int(2 level) px. Operations that PBA
  // lacks (translate_x_rel, translate_y_rel) use the paper's scale at the same u.
  kPba,
};

// 8 or 10.
DHA_IMAGES_API double maximum_level(LevelScale scale);

// level in [0, maximum_level(scale)]; sign +1 or -1. [any thread]
DHA_IMAGES_API double operation_value(Operation operation, double level, int sign, LevelScale scale);

}  // namespace dha::images
