#include "data/statistics.hpp"

#include <algorithm>
#include <cmath>

#include "data/batch_feed.hpp"
#include "dha/error.hpp"
#include "process/long_work.hpp"

namespace dha {

PixelStatistics measure_statistics(const ImageSet& set, int64_t most, int64_t threads) {
  std::vector<int64_t> chosen(std::min(most, set.size()));
  for (size_t i = 0; i < chosen.size(); ++i)
    chosen[i] = static_cast<int64_t>(i) * set.size() / static_cast<int64_t>(chosen.size());
  const auto feed = make_feed(set.subset(chosen), {.batch_size = 64, .threads = threads});
  const int64_t channels = set.source().info().channels;
  std::vector<uint64_t> sum(channels), square_sum(channels);
  uint64_t pixels = 0;
  LongWork work("measuring mean and standard deviation", static_cast<int64_t>(chosen.size()));
  feed->begin(0, 0);
  while (const std::optional<Batch> batch = feed->next()) {
    const int64_t area = batch->images.size(2) * batch->images.size(3);
    const uint8_t* pixel = batch->images.const_data_ptr<uint8_t>();
    for (int64_t plane = 0; plane < batch->images.size(0) * channels; ++plane, pixel += area) {
      uint64_t plane_sum = 0, plane_squares = 0;
      for (int64_t i = 0; i < area; ++i) {
        plane_sum += pixel[i];
        plane_squares += uint64_t{pixel[i]} * pixel[i];
      }
      sum[plane % channels] += plane_sum;
      square_sum[plane % channels] += plane_squares;
    }
    pixels += static_cast<uint64_t>(batch->images.size(0) * area);
    work.advance(batch->images.size(0));
  }
  if (pixels == 0) throw Error(ErrorCode::kData, set.source().id() + ": none of the training images can be read");
  PixelStatistics statistics;
  for (int64_t channel = 0; channel < channels; ++channel) {
    const double mean = static_cast<double>(sum[channel]) / static_cast<double>(pixels);
    const double variance = static_cast<double>(square_sum[channel]) / static_cast<double>(pixels) - mean * mean;
    statistics.mean.push_back(mean / 255);
    statistics.standard_deviation.push_back(variance > 1e-9 ? std::sqrt(variance) / 255 : 1.0);
  }
  return statistics;
}

}  // namespace dha
