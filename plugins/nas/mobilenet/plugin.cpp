#include "dha/plugin.hpp"

#include "space.hpp"

DHA_PLUGIN("mobilenet", "1.0.0", "dha", "Apache-2.0", dha::component<dha::mobilenet::MobileNetSpace>("dha.mobilenet"))
