#include "dha/plugin.hpp"

#include "space.hpp"

DHA_PLUGIN("nb201", "1.0.0", "dha", "Apache-2.0", dha::component<dha::nb201::Nb201Space>("dha.nb201"))
