// The layers of a lean network of the cell space, for programs that read other formats.
#pragma once

#include "dha/layer_graph.hpp"
#include "plan.hpp"
#include "settings.hpp"

namespace dha::cell {

// `plan`: of a lean network, whose operations keep their gates as `gate_weights` says.
LayerGraph network_layers(const NetworkPlan& plan, GateWeights gate_weights);

}  // namespace dha::cell
