#include "enas_searcher.hpp"

DHA_PLUGIN("enas", "1.0.0", "dha", "Apache-2.0", dha::component<dha::enas::EnasSearcher>("dha.enas"))
