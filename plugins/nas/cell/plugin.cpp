#include "dha/plugin.hpp"

#include "space.hpp"

DHA_PLUGIN("cell", "1.0.0", "dha", "Apache-2.0", dha::component<dha::cell::CellSpace>("dha.cell"))
