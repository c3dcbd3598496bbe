#include "fixed_architecture.hpp"

DHA_PLUGIN("architecture", "1.0.0", "dha", "Apache-2.0", dha::component<dha::FixedArchitecture>("dha.architecture"))
