// The trials of a study: their history, accuracy against size, and a table.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "page/html.hpp"
#include "page/line_chart.hpp"
#include "page/sections.hpp"
#include "report/console.hpp"

namespace dha::page {

namespace {

constexpr const char* kAccuracy = "validation_accuracy";
constexpr size_t kShownTrials = 100, kShownSettings = 6;

double value_of(const TrialRecord& trial, const std::string& name) {
  const auto found = trial.values.find(name);
  return found == trial.values.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

std::string history_of(const std::vector<TrialRecord>& trials) {
  LineChart chart;
  chart.title = "History";
  chart.x_title = "trial";
  chart.y_title = "validation accuracy, %";
  chart.is_percent = true;
  Series each{"trial", 0, {}, true}, best{"best so far", 1, {}};
  double highest = -1;
  for (size_t i = 0; i < trials.size(); ++i) {
    const double accuracy = value_of(trials[i], kAccuracy), place = static_cast<double>(i) + 1;
    if (!std::isfinite(accuracy)) continue;
    each.points.push_back({place, accuracy});
    if (highest >= 0) best.points.push_back({place, highest});  // a step, not a slope
    highest = std::max(highest, accuracy);
    best.points.push_back({place, highest});
  }
  chart.series = {best, each};
  return chart.has_points() ? draw(chart) : "";
}

// Those that no other point excels, which has at most its cost and at least its accuracy.
std::vector<Series::Point> front_of(std::vector<Series::Point> points) {
  std::sort(points.begin(), points.end(),
            [](const auto& a, const auto& b) { return a.x != b.x ? a.x < b.x : a.y > b.y; });
  std::vector<Series::Point> front;
  for (const Series::Point& point : points)
    if (front.empty() || point.y > front.back().y) front.push_back(point);
  return front;
}

std::string front_chart(const std::vector<TrialRecord>& trials, const std::string& cost, const std::string& title) {
  Series each{"trial", 0, {}, true};
  std::set<double> costs;
  for (const TrialRecord& trial : trials)
    if (const double accuracy = value_of(trial, kAccuracy), size = value_of(trial, cost);
        std::isfinite(accuracy) && std::isfinite(size)) {
      each.points.push_back({size, accuracy});
      costs.insert(size);
    }
  if (costs.size() < 2) return "";  // all trials have one architecture
  LineChart chart;
  chart.title = "Accuracy against " + title;
  chart.x_title = title;
  chart.y_title = "validation accuracy, %";
  chart.is_percent = chart.has_logarithmic_x = true;
  chart.series = {{"Pareto front", 1, front_of(each.points)}, each};
  return draw(chart);
}

std::vector<std::string> setting_names(const std::vector<TrialRecord>& trials) {
  std::vector<std::string> names;
  for (const TrialRecord& trial : trials)
    for (const auto& [name, value] : trial.settings)
      if (std::find(names.begin(), names.end(), name) == names.end() && names.size() < kShownSettings)
        names.push_back(name);
  return names;
}

std::vector<std::string> row_of(const TrialRecord& trial, const std::vector<std::string>& settings) {
  std::vector<std::string> row{std::to_string(trial.id),
                               trial.status.empty() ? "in training" : trial.status,
                               std::to_string(trial.epochs),
                               format_duration(trial.seconds),
                               percent(value_of(trial, kAccuracy), 2),
                               real(value_of(trial, "validation_loss")),
                               amount(value_of(trial, "parameters")),
                               amount(value_of(trial, "multiply_adds"))};
  for (const std::string& name : settings) {
    const auto found = std::find_if(trial.settings.begin(), trial.settings.end(),
                                    [&](const auto& setting) { return setting.first == name; });
    row.push_back(found == trial.settings.end() ? "" : shortened(found->second, 14));
  }
  return row;
}

std::string table_of(std::vector<TrialRecord> trials) {
  std::stable_sort(trials.begin(), trials.end(), [](const TrialRecord& a, const TrialRecord& b) {
    const double x = value_of(a, kAccuracy), y = value_of(b, kAccuracy);
    return std::isnan(y) ? !std::isnan(x) : x > y;
  });
  const std::vector<std::string> settings = setting_names(trials);
  std::vector<Table::Column> columns{
      {"trial", true},      {"status"},     {"epochs", true},     {"time", true},
      {"validation", true}, {"loss", true}, {"parameters", true}, {"multiply-adds", true}};
  for (const std::string& name : settings) columns.push_back({name, true});
  Table table(columns);
  for (size_t i = 0; i < std::min(kShownTrials, trials.size()); ++i) table.add(row_of(trials[i], settings));
  return table.html();
}

}  // namespace

Section trials_section(const RunRecord& record) {
  std::string html;
  for (const StageRecord& stage : record.stages) {
    std::vector<TrialRecord> trials;
    std::copy_if(record.trials.begin(), record.trials.end(), std::back_inserter(trials),
                 [&](const TrialRecord& trial) { return trial.stage == stage.name; });
    if (trials.empty()) continue;
    html += fmt::format("<h3>Stage {}: {} trials</h3>\n<div class=\"grid\">\n{}{}{}</div>\n{}", escaped(stage.name),
                        whole(static_cast<int64_t>(trials.size())), history_of(trials),
                        front_chart(trials, "parameters", "parameters"),
                        front_chart(trials, "multiply_adds", "multiply-adds"), table_of(trials));
  }
  if (!html.empty())
    html += "<p class=\"note\">The best trials by validation accuracy; <code>trials.csv</code> has all of them.</p>\n";
  return {"trials", "Trials", html};
}

}  // namespace dha::page
