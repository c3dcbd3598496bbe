#include "random_trials.hpp"

DHA_PLUGIN("random", "1.0.0", "dha", "Apache-2.0", dha::component<dha::RandomTrials>("dha.random"))
