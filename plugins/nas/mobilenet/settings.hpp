// The parameters of the MobileNet space, read once.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dha/params.hpp"

namespace dha::mobilenet {

constexpr size_t kStages = 6;

struct Settings {
  explicit Settings(const Params& params);

  static Schema schema();

  double width_multiplier;
  std::vector<int64_t> depths;                  // searched blocks per stage
  std::optional<int64_t> stem_stride;           // absent: by the size of the images
  std::optional<std::vector<int64_t>> strides;  // of the first block of each stage; absent: by the size of the images
  bool waits_for_decisions;
};

}  // namespace dha::mobilenet
