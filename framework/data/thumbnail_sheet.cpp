#include "data/thumbnail_sheet.hpp"

#include <ATen/ops/_adaptive_avg_pool2d.h>

#include <algorithm>

namespace dha {

at::Tensor thumbnail_sheet(const at::Tensor& images, int64_t columns, int64_t side) {
  at::Tensor scaled = images.cpu();
  const int64_t longer = std::max(images.size(2), images.size(3));
  if (longer > side) {
    const auto length = [&](int64_t full) { return std::max<int64_t>(1, full * side / longer); };
    scaled = at::_adaptive_avg_pool2d(scaled.to(at::kFloat), {length(images.size(2)), length(images.size(3))});
    scaled = scaled.round().to(at::kByte);
  }
  const int64_t rows = scaled.size(0) / columns, channels = scaled.size(1), height = scaled.size(2),
                width = scaled.size(3);
  return scaled.reshape({rows, columns, channels, height, width})
      .permute({2, 0, 3, 1, 4})
      .reshape({channels, rows * height, columns * width});
}

}  // namespace dha
