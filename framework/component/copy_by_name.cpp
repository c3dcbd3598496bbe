#include "component/copy_by_name.hpp"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "dha/error.hpp"

namespace dha {

void copy_by_name(const std::map<std::string, at::Tensor>& from, const std::vector<NamedTensor>& to) {
  const at::NoGradGuard no_grad;
  for (const NamedTensor& target : to) {
    const auto source = from.find(target.name);
    if (source == from.end())
      throw Error(ErrorCode::kData, fmt::format("the weights do not fit the network: they lack '{}'; give "
                                                "both networks the same space and parameters",
                                                target.name));
    if (source->second.sizes() != target.tensor.sizes())
      throw Error(
          ErrorCode::kData,
          fmt::format("the weights do not fit the network: tensor '{}' has shape [{}], expected [{}]; give "
                      "both networks the same channels, classes and parameters of the space",
                      target.name, fmt::join(source->second.sizes(), ", "), fmt::join(target.tensor.sizes(), ", ")));
    if (source->second.is_floating_point() != target.tensor.is_floating_point())
      throw Error(
          ErrorCode::kData,
          fmt::format("the weights do not fit the network: tensor '{}' has the type {}, expected {}", target.name,
                      c10::toString(source->second.scalar_type()), c10::toString(target.tensor.scalar_type())));
    target.tensor.copy_(source->second);
  }
}

}  // namespace dha
