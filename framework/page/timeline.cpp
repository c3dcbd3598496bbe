#include "page/timeline.hpp"

#include <algorithm>

namespace dha::page {

Timeline::Timeline(const RunRecord& record) {
  std::map<std::string, double> lengths;
  for (const auto* rows : {&record.epochs, &record.steps})
    for (const MetricRow& row : *rows) {
      lengths[row.stage] = std::max(lengths[row.stage], static_cast<double>(row.epoch));
      int64_t& steps = steps_[{row.stage, row.epoch}];
      steps = std::max(steps, row.step);
    }
  double begin = 0;
  for (const StageRecord& stage : record.stages) {
    if (!lengths.contains(stage.name)) continue;
    begins_[stage.name] = begin;
    spans_.push_back({stage.name, begin, begin + lengths[stage.name]});
    begin += lengths[stage.name];
  }
}

double Timeline::position(const MetricRow& row) const {
  const auto begin = begins_.find(row.stage);
  const double before = begin == begins_.end() ? 0 : begin->second;
  if (row.step == 0) return before + static_cast<double>(row.epoch);
  // The first epoch of a stage is as long as its rows say so far; later ones are as long as it.
  const auto first = steps_.find({row.stage, 1});
  const auto own = steps_.find({row.stage, row.epoch});
  const int64_t steps =
      std::max<int64_t>({1, own == steps_.end() ? 0 : own->second, first == steps_.end() ? 0 : first->second});
  return before + static_cast<double>(row.epoch - 1) + static_cast<double>(row.step) / static_cast<double>(steps);
}

Series Timeline::series(const std::string& label, int colour, const std::vector<MetricRow>& rows,
                        const std::string& name) const {
  Series series{label, colour, {}};
  for (const MetricRow& row : rows)
    if (const auto value = row.values.find(name); value != row.values.end())
      series.points.push_back({position(row), value->second});
  return series;
}

}  // namespace dha::page
