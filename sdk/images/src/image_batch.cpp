#include "dha/images/image_batch.hpp"

#include <ATen/ops/tensor.h>

#include <cmath>
#include <string>

#include "dha/error.hpp"

namespace dha::images {

void check_images(const at::Tensor& images) {
  const auto side_fits = [&](int64_t axis) { return images.size(axis) >= 1 && images.size(axis) <= kLargestSide; };
  if (images.scalar_type() == at::kByte && images.dim() == 4 && (images.size(1) == 1 || images.size(1) == 3) &&
      side_fits(2) && side_fits(3))
    return;
  std::string shape;
  for (const int64_t size : images.sizes()) shape += (shape.empty() ? "" : ", ") + std::to_string(size);
  throw Error(ErrorCode::kContractViolation, "images must be uint8 (N, 1 or 3, height, width) with sides in [1, " +
                                                 std::to_string(kLargestSide) + "], found " +
                                                 at::toString(images.scalar_type()) + " (" + shape + ")");
}

std::vector<uint8_t> mean_colour(const DatasetInfo& info) {
  if (info.mean.empty() || static_cast<int64_t>(info.mean.size()) != info.channels)
    throw Error(ErrorCode::kContractViolation, "the data set's mean must have one value per channel, found " +
                                                   std::to_string(info.mean.size()) + " for " +
                                                   std::to_string(info.channels) + " channels");
  std::vector<uint8_t> colour;
  for (const double mean : info.mean) {
    if (!(mean >= 0 && mean <= 1))
      throw Error(ErrorCode::kContractViolation,
                  "the data set's mean must be in [0, 1], found " + std::to_string(mean));
    colour.push_back(static_cast<uint8_t>(std::lround(255 * mean)));
  }
  return colour;
}

at::Tensor colour_tensor(const std::vector<uint8_t>& colour, at::Device device) {
  return at::tensor(at::ArrayRef<uint8_t>(colour), at::kByte).view({1, -1, 1, 1}).to(device);
}

}  // namespace dha::images
