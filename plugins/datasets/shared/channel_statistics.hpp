// The parameters `mean` and `std`, by which the host normalises images.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dha/dataset.hpp"
#include "dha/params.hpp"

namespace dha::datasets {

// A value a channel, of pixels in [0, 1]; both empty: the host measures them.
struct ChannelStatistics {
  std::vector<double> mean, standard_deviation;
};

// Adds both parameters, optional. `where_absent`: what then counts, for the help text.
void declare_statistics(Schema& schema, const std::string& where_absent = "measured");

// Reads both parameters; where neither is given, `otherwise`. Throws Error{kInvalidParameter} where one is given
// without the other or has not one value a channel.
ChannelStatistics read_statistics(const Params& params, int64_t channels, ChannelStatistics otherwise = {});

}  // namespace dha::datasets
