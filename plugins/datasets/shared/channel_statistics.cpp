#include "shared/channel_statistics.hpp"

#include <string>
#include <utility>

#include "dha/error.hpp"

namespace dha::datasets {

namespace {

void check_length(const char* name, const std::vector<double>& values, int64_t channels) {
  if (static_cast<int64_t>(values.size()) == channels) return;
  throw Error(ErrorCode::kInvalidParameter, std::string("parameter '") + name + "' has " +
                                                std::to_string(values.size()) + " values, expected one for each of " +
                                                std::to_string(channels) + " channel(s)");
}

}  // namespace

void declare_statistics(Schema& schema) {
  schema.reals("mean", "mean of each channel, of pixels in [0, 1]; measured where absent", 1, 3).range(0, 1).optional();
  schema.reals("std", "standard deviation of each channel, of pixels in [0, 1]; measured where absent", 1, 3)
      .range(1e-6, 1)
      .optional();
}

ChannelStatistics read_statistics(const Params& params, int64_t channels, ChannelStatistics otherwise) {
  if (!params.has("mean") && !params.has("std")) return otherwise;
  if (!params.has("mean") || !params.has("std"))
    throw Error(ErrorCode::kInvalidParameter, std::string("parameter '") + (params.has("mean") ? "mean" : "std") +
                                                  "' is given without '" + (params.has("mean") ? "std" : "mean") +
                                                  "'; give both, or neither to have them measured");
  ChannelStatistics statistics{params.reals("mean"), params.reals("std")};
  check_length("mean", statistics.mean, channels);
  check_length("std", statistics.standard_deviation, channels);
  return statistics;
}

}  // namespace dha::datasets
