#include "dha/plugin.hpp"

#include "hypergradient.hpp"
#include "sgd.hpp"

DHA_PLUGIN("sgd", "1.0.0", "dha", "Apache-2.0", dha::component<dha::sgd::Sgd>("dha.sgd"),
           dha::component<dha::sgd::Hypergradient>("dha.hypergradient"))
