#include "ista_searcher.hpp"

DHA_PLUGIN("ista", "1.0.0", "dha", "Apache-2.0", dha::component<dha::ista::IstaSearcher>("dha.ista"))
