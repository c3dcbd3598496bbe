// The behaviour of batch norms in a forward pass.
#pragma once

#include "dha/space.hpp"

namespace dha::nn {

struct RunMode {
  bool batch_statistics = false;   // normalise by the batch's statistics; false: by the running ones
  bool update_statistics = false;  // move the running statistics; only where batch_statistics
};

inline RunMode run_mode(const NetworkMode& mode) { return {mode.batch_statistics, mode.update_statistics}; }

}  // namespace dha::nn
