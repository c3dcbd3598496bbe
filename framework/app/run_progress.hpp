// How far a run got, in words.
#pragma once

#include <string>

#include "run/run_network.hpp"

namespace dha::app {

// Of a run that has not finished: "the run has not finished: this is stage 'search' after 3 of 10 epochs".
std::string in_words(const RunProgress& progress);

}  // namespace dha::app
