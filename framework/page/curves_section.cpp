// Loss and accuracy of each epoch.
#include "page/line_chart.hpp"
#include "page/sections.hpp"
#include "page/timeline.hpp"

namespace dha::page {

namespace {

std::string chart_of(const RunRecord& record, const Timeline& timeline, const std::string& metric) {
  LineChart chart;
  chart.is_percent = metric == "accuracy";
  chart.title = chart.is_percent ? "Accuracy" : "Loss";
  chart.x_title = "epoch";
  chart.y_title = chart.is_percent ? "accuracy, %" : "cross-entropy, nat";
  chart.series = {timeline.series("train", 0, record.epochs, "train_" + metric),
                  timeline.series("validation", 1, record.epochs, "validation_" + metric),
                  timeline.series("test", 2, record.epochs, "test_" + metric)};
  chart.series.back().is_dots = true;  // measured in few epochs
  chart.spans = timeline.spans();
  return chart.has_points() ? draw(chart) : "";
}

}  // namespace

Section curves_section(const RunRecord& record) {
  const Timeline timeline(record);
  const std::string charts = chart_of(record, timeline, "loss") + chart_of(record, timeline, "accuracy");
  if (charts.empty()) return {"curves", "Loss and accuracy", ""};
  return {"curves", "Loss and accuracy",
          "<div class=\"grid\">\n" + charts +
              "</div>\n<p class=\"note\">Training images are augmented, so that training accuracy can lie below the "
              "others. Test images choose nothing.</p>\n"};
}

}  // namespace dha::page
