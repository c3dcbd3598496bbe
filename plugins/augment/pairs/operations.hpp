// The fourteen image operations of DHA and what a level means for each of them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dha/image_operations.hpp"
#include "operation.hpp"

namespace dha::pairs {

inline constexpr int kPairCount = kOperationCount * kOperationCount;
inline constexpr double kMaximumLevel = 8;

inline constexpr std::array<const char*, kOperationCount> kOperationNames = {
    "auto_contrast", "equalize",  "rotate",  "posterize", "solarize",        "color",           "contrast",
    "brightness",    "sharpness", "shear_x", "shear_y",   "translate_x_rel", "translate_y_rel", "identity"};

// Empty where no operation has that name.
std::optional<Operation> find_operation(std::string_view name);

// How a level u * 8, u in [0, 1], becomes a parameter.
enum class Mapping {
  // As the authors of DHA do: level 0 is the strongest posterize and solarize, and factor 0.1 of the enhancements.
  kPaper,
  // Not in the paper: level 0 leaves the image as it is, and the effect grows with the level. Colour, contrast,
  // brightness and sharpness read the sign (factor 1 + sign * 0.9u), posterize keeps 8 to 1 bits, solarize's threshold
  // falls from 256 to 0, and auto_contrast and equalize are blended with the image by u.
  kStrength,
};

// An operation with its parameter.
struct OperationCall {
  Operation operation = Operation::kIdentity;
  // auto_contrast, equalize: share of the effect in [0, 1]. rotate: degrees, counter-clockwise. posterize: bits kept.
  // solarize: lowest value that is inverted. color, contrast, brightness, sharpness: factor, 1 leaves the image as it
  // is. shear: px of shift a px. translate: share of the side.
  double value = 0;
  Resampling resampling = Resampling::kBilinear;
  std::array<uint8_t, 3> fill{};  // of pixels from outside the image, a channel
};

// level in [0, 8]; sign +1 or -1.
double operation_value(Operation operation, double level, int sign, Mapping mapping);

// What becomes of an image under an operation with this value: nothing at all?
bool leaves_image(Operation operation, double value);

}  // namespace dha::pairs
