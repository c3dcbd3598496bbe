// Checks the layers that a space describes, before files are made of them.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "dha/layer_graph.hpp"

namespace dha {

// The layers that the logits depend on, in their order. Throws Error{kContractViolation} that names the layer if inputs
// do not exist or do not fit together, if a weight is missing or has another shape, if names are not unique or consist
// of other characters than letters, digits, "_" and ".", or if there are no `classes` logits of a linear layer.
LayerGraph checked_graph(const LayerGraph& graph, const std::map<std::string, at::Tensor>& tensors, int64_t classes);

// Whether layers of this kind read tensors.
bool has_tensors(GraphLayer::Kind kind);

}  // namespace dha
