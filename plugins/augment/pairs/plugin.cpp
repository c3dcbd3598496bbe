#include "dha/plugin.hpp"

#include "random_pairs.hpp"
#include "tau.hpp"

DHA_PLUGIN("pairs", "1.0.0", "dha", "Apache-2.0", dha::component<dha::pairs::Tau>("dha.tau"),
           dha::component<dha::pairs::RandomPairs>("dha.random_pairs"))
