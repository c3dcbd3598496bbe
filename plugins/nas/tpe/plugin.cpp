#include "tpe_trials.hpp"

DHA_PLUGIN("tpe", "1.0.0", "dha", "Apache-2.0", dha::component<dha::TpeTrials>("dha.tpe"))
