#include "dha/plugin.hpp"

#include "proxyless_searcher.hpp"

DHA_PLUGIN("proxyless", "1.0.0", "dha", "Apache-2.0",
           dha::component<dha::proxyless::ProxylessSearcher>("dha.proxyless"))
