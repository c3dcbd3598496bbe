#include "evolution_trials.hpp"

DHA_PLUGIN("evolution", "1.0.0", "dha", "Apache-2.0", dha::component<dha::EvolutionTrials>("dha.evolution"))
