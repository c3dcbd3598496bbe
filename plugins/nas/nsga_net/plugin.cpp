#include "nsga_net_trials.hpp"

DHA_PLUGIN("nsga_net", "1.0.0", "dha", "Apache-2.0", dha::component<dha::NsgaNetTrials>("dha.nsga_net"))
