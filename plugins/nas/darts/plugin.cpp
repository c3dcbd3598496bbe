#include "dha/plugin.hpp"

#include "darts_searcher.hpp"

DHA_PLUGIN("darts", "1.0.0", "dha", "Apache-2.0", dha::component<dha::darts::DartsSearcher>("dha.darts"))
