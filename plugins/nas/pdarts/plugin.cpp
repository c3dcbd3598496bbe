#include "dha/plugin.hpp"

#include "pdarts_searcher.hpp"

DHA_PLUGIN("pdarts", "1.0.0", "dha", "Apache-2.0", dha::component<dha::pdarts::PdartsSearcher>("dha.pdarts"))
