#include "dha/plugin.hpp"
#include "adamw.hpp"

DHA_PLUGIN("adamw", "1.0.0", "dha", "Apache-2.0", dha::component<dha::adamw::AdamW>("dha.adamw"))
