// Gives a network weights or buffers of the same names.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dha/component.hpp"

namespace dha {

// Copies the values into the tensors of `to`. Throws Error{kData} if one of them is missing or has another shape.
void copy_by_name(const std::map<std::string, at::Tensor>& from, const std::vector<NamedTensor>& to);

}  // namespace dha
