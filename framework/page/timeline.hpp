// The epochs of all stages, one stage behind the other, as the x axis of curves.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "page/line_chart.hpp"
#include "record/run_record.hpp"

namespace dha::page {

class Timeline {
 public:
  // Of the stages that have rows; stages of trials have none.
  explicit Timeline(const RunRecord& record);

  // The end of the row's epoch, or the place within it of the row's step: epochs since the run began.
  double position(const MetricRow& row) const;

  // One per stage.
  const std::vector<Span>& spans() const { return spans_; }

  // The values of `name` in `rows`, one point per row that has one.
  Series series(const std::string& label, int colour, const std::vector<MetricRow>& rows,
                const std::string& name) const;

 private:
  std::vector<Span> spans_;
  std::map<std::string, double> begins_;                      // by stage
  std::map<std::pair<std::string, int64_t>, int64_t> steps_;  // by stage and epoch
};

}  // namespace dha::page
