// The drawings of a comparison's page: accuracy against cost, and its course over epochs.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "page/comparison_sections.hpp"
#include "page/html.hpp"
#include "page/line_chart.hpp"
#include "page/palette.hpp"
#include "page/scatter_plot.hpp"
#include "page/timeline.hpp"
#include "record/run_record.hpp"
#include "report/console.hpp"

namespace dha::page {

namespace {

namespace fs = std::filesystem;
using compare::ComparedRun;
using compare::ComparisonTable;
using compare::GroupRow;

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kLongestLabel = 80;  // code points

std::string label_of(const GroupRow& group) { return isolated(shortened(group.label, kLongestLabel)); }

double accuracy_of(const ComparisonTable& table, const ComparedRun& run) {
  return (table.metric == "test accuracy" ? run.test_accuracy : run.validation_accuracy).value_or(kNothing);
}

struct TimeUnit {
  const char* name;
  double seconds;
};

// In which the longest time has few digits.
TimeUnit unit_of(const ComparisonTable& table) {
  double longest = 0;
  for (const GroupRow& group : table.groups)
    for (const ComparedRun& run : group.runs) longest = std::max(longest, run.seconds);
  if (longest >= 2 * 3600) return {"hours", 3600};
  return longest >= 2 * 60 ? TimeUnit{"minutes", 60} : TimeUnit{"seconds", 1};
}

std::string hover_of(const ComparisonTable& table, const GroupRow& group, const ComparedRun& run) {
  return fmt::format("{}, seed {}\n{} {}, {}, {} parameters", label_of(group), run.seed, table.metric,
                     percent(accuracy_of(table, run), 2), format_duration(run.seconds),
                     amount(run.parameters.value_or(kNothing)));
}

template <class Cost>
ScatterPlot plot_of(const ComparedTable& compared, const std::string& x_title, const Cost& cost) {
  const ComparisonTable& table = compared.table;
  ScatterPlot plot{"", x_title, table.metric + ", %", {}, true};
  for (size_t i = 0; i < table.groups.size(); ++i) {
    const GroupRow& group = table.groups[i];
    plot.groups.push_back({group.label, static_cast<int>(i), {}});
    for (size_t run = 0; run < std::min(compared.most_runs, group.runs.size()); ++run)
      plot.groups.back().points.push_back(
          {cost(group.runs[run]), accuracy_of(table, group.runs[run]), hover_of(table, group, group.runs[run])});
  }
  return plot;
}

std::string time_plot(const ComparedTable& compared) {
  const TimeUnit unit = unit_of(compared.table);
  ScatterPlot plot = plot_of(compared, fmt::format("training time, {}", unit.name),
                             [&](const ComparedRun& run) { return run.seconds / unit.seconds; });
  plot.title = "Accuracy against time";
  return draw(plot);
}

// Empty where all networks are as large.
std::string size_plot(const ComparedTable& compared) {
  std::set<double> sizes;
  for (const GroupRow& group : compared.table.groups)
    for (const ComparedRun& run : group.runs)
      if (run.parameters) sizes.insert(*run.parameters);
  if (sizes.size() < 2) return "";
  ScatterPlot plot =
      plot_of(compared, "parameters", [](const ComparedRun& run) { return run.parameters.value_or(kNothing); });
  plot.title = "Accuracy against parameters";
  return draw(plot);
}

// Finished runs in the order of seeds, then those whose course is all that they have.
std::vector<std::pair<std::string, fs::path>> drawn_runs(const ComparedTable& compared, const GroupRow& group) {
  std::vector<std::pair<std::string, fs::path>> runs;  // seed, folder
  for (const ComparedRun& run : group.runs) runs.emplace_back(run.seed, run.folder);
  for (const compare::LeftOutRow& row : compared.left_out)
    if (row.label == group.label && row.why != "repeated") runs.emplace_back(row.seed, row.folder);
  runs.resize(std::min(runs.size(), compared.most_runs));
  return runs;
}

// The stages of the run that got furthest; `is_same` becomes false if those of a run begin elsewhere.
void merge(const std::vector<Span>& of_run, std::vector<Span>& spans, bool& is_same) {
  for (size_t i = 0; i < std::min(of_run.size(), spans.size()); ++i)
    is_same = is_same && of_run[i].name == spans[i].name && of_run[i].begin == spans[i].begin;
  if (!of_run.empty() && (spans.empty() || of_run.back().end > spans.back().end)) spans = of_run;
}

std::string course_chart(const ComparedTable& compared) {
  LineChart chart;
  chart.title = "Validation accuracy over epochs";
  chart.x_title = "epoch";
  chart.y_title = "validation accuracy, %";
  chart.is_percent = true;
  chart.has_legend = false;
  bool has_same_stages = true;
  for (size_t i = 0; i < compared.table.groups.size(); ++i) {
    const GroupRow& group = compared.table.groups[i];
    for (const auto& [seed, folder] : drawn_runs(compared, group)) {
      const RunRecord record = read_epochs(folder);
      const Timeline timeline(record);
      merge(timeline.spans(), chart.spans, has_same_stages);
      chart.series.push_back(timeline.series(fmt::format("{}, seed {}", label_of(group), seed), static_cast<int>(i),
                                             record.epochs, "validation_accuracy"));
      chart.series.back().group = group.label;
    }
  }
  if (!has_same_stages || chart.spans.size() == 1) chart.spans.clear();
  return chart.has_points() ? draw(chart) : "";
}

// One for all drawings.
std::string legend_of(const ComparisonTable& table) {
  std::vector<LegendEntry> entries;
  for (size_t i = 0; i < table.groups.size(); ++i)
    entries.push_back({table.groups[i].label, static_cast<int>(i), true});
  return legend(entries);
}

}  // namespace

std::string charts_part(const ComparedTable& compared) {
  const std::string charts = time_plot(compared) + size_plot(compared) + course_chart(compared);
  if (charts.empty()) return "";
  return "<div class=\"linked\">\n" + legend_of(compared.table) + "<div class=\"grid\">\n" + charts +
         "</div>\n</div>\n";
}

}  // namespace dha::page
