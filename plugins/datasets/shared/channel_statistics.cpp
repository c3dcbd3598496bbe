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

void declare_statistics(Schema& schema, const std::string& where_absent) {
  const auto declare = [&](const char* name, const std::string& what) -> Schema& {
    return schema.reals(name, what + " of each channel, of pixels in [0, 1]; default: " + where_absent, 1, 3);
  };
  declare("mean", "mean").range(0, 1).optional();
  declare("std", "standard deviation").range(1e-6, 1).optional();
}

ChannelStatistics read_statistics(const Params& params, int64_t channels, ChannelStatistics otherwise) {
  if (!params.has("mean") && !params.has("std")) return otherwise;
  if (!params.has("mean") || !params.has("std"))
    throw Error(ErrorCode::kInvalidParameter, std::string("parameter '") + (params.has("mean") ? "mean" : "std") +
                                                  "' is given without '" + (params.has("mean") ? "std" : "mean") +
                                                  "'; give both, or neither");
  ChannelStatistics statistics{params.reals("mean"), params.reals("std")};
  check_length("mean", statistics.mean, channels);
  check_length("std", statistics.standard_deviation, channels);
  return statistics;
}

}  // namespace dha::datasets
