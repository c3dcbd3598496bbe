#include "manas_searcher.hpp"

DHA_PLUGIN("manas", "1.0.0", "dha", "Apache-2.0", dha::component<dha::manas::ManasSearcher>("dha.manas"))
