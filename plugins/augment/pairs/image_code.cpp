#include "image_code.hpp"

#include <ATen/ops/empty_like.h>

#include <cmath>

#include "../image_batch.hpp"
#include "apply_operation.hpp"
#include "dha/error.hpp"
#include "dha/nearest_name.hpp"

namespace dha::pairs {

std::vector<std::string> ImageCode::names() const { return {kOperationNames.begin(), kOperationNames.end()}; }

at::Tensor ImageCode::apply(const at::Tensor& images, const ImageOperation& operation) const {
  const std::optional<Operation> found = find_operation(operation.name);
  if (!found) {
    const std::string near = nearest(operation.name, names());
    throw Error(ErrorCode::kInvalidParameter, "there is no operation '" + operation.name + "'" +
                                                  (near.empty() ? std::string() : "; did you mean '" + near + "'?"));
  }
  if (!std::isfinite(operation.level) || operation.level < 0 || operation.level > kMaximumLevel)
    throw Error(ErrorCode::kInvalidParameter, "the level must lie in [0, 8], found " + std::to_string(operation.level));
  if (operation.sign != 1 && operation.sign != -1)
    throw Error(ErrorCode::kInvalidParameter, "the sign must be 1 or -1, found " + std::to_string(operation.sign));
  check_images(images);
  if (!images.is_cpu()) throw Error(ErrorCode::kContractViolation, "images must be on the CPU");
  const at::Tensor source = images.contiguous();
  at::Tensor target = at::empty_like(source);
  const ImageShape shape{static_cast<int>(source.size(1)), static_cast<int>(source.size(2)),
                         static_cast<int>(source.size(3))};
  const OperationCall call{*found, operation_value(*found, operation.level, operation.sign, mapping_),
                           operation.resampling, operation.fill};
  Workspace workspace;
  for (int64_t i = 0; i < source.size(0); ++i)
    apply_operation(call, shape, source.const_data_ptr<uint8_t>() + i * shape.size(),
                    target.mutable_data_ptr<uint8_t>() + i * shape.size(), workspace);
  return target;
}

}  // namespace dha::pairs
