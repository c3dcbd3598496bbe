// Reads the options of Adam from a searcher's parameters.
#pragma once

#include "dha/nas/adam.hpp"
#include "dha/params.hpp"

namespace dha::nas {

// Of the parameters "learning_rate" and "weight_decay", reals, and "betas", two reals.
AdamOptions adam_options(const Params& params);

}  // namespace dha::nas
