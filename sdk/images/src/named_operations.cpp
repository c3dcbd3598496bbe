#include "dha/images/named_operations.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "dha/error.hpp"
#include "dha/images/apply.hpp"
#include "dha/images/image_batch.hpp"
#include "dha/nearest_name.hpp"

namespace dha::images {

NamedOperations::NamedOperations(LevelScale scale, std::vector<Operation> operations)
    : scale_(scale), operations_(std::move(operations)) {}

NamedOperations::~NamedOperations() = default;

std::vector<std::string> NamedOperations::names() const {
  std::vector<std::string> names;
  for (const Operation operation : operations_) names.emplace_back(operation_name(operation));
  return names;
}

Operation NamedOperations::find(const std::string& name) const {
  const std::optional<Operation> found = find_operation(name);
  if (found && std::find(operations_.begin(), operations_.end(), *found) != operations_.end()) return *found;
  const std::string near = nearest(name, names());
  throw Error(ErrorCode::kInvalidParameter, "there is no operation '" + name + "'" +
                                                (near.empty() ? std::string() : "; did you mean '" + near + "'?"));
}

at::Tensor NamedOperations::apply(const at::Tensor& images, const ImageOperation& operation) const {
  const Operation found = find(operation.name);
  const double most = maximum_level(scale_);
  if (!std::isfinite(operation.level) || operation.level < 0 || operation.level > most)
    throw Error(ErrorCode::kInvalidParameter, "the level must be in [0, " + std::to_string(std::lround(most)) +
                                                  "], found " + std::to_string(operation.level));
  if (operation.sign != 1 && operation.sign != -1)
    throw Error(ErrorCode::kInvalidParameter, "the sign must be 1 or -1, found " + std::to_string(operation.sign));
  check_images(images);
  const OperationCall call{found, operation_value(found, operation.level, operation.sign, scale_), operation.resampling,
                           operation.fill};
  return images::apply_operations(images, std::vector<OperationCall>(static_cast<size_t>(images.size(0)), call));
}

}  // namespace dha::images
