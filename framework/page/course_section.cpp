// The course of what is learned next to the weights: hyper-parameters, entropy of the policy, frozen choices.
#include <fmt/format.h>

#include <cmath>
#include <set>

#include "page/line_chart.hpp"
#include "page/sections.hpp"
#include "page/timeline.hpp"

namespace dha::page {

namespace {

// Values of the hyper-optimizer have plain names, those of other components "<component>.<name>".
bool is_hyper_parameter(const std::string& name) {
  static const std::set<std::string> kOthers{"loss", "accuracy", "images_per_second", "time_s"};
  return name.find('.') == name.npos && !kOthers.contains(name);
}

std::set<std::string> names_in(const std::vector<MetricRow>& rows) {
  std::set<std::string> names;
  for (const MetricRow& row : rows)
    for (const auto& [name, value] : row.values) names.insert(name);
  return names;
}

std::string in_words(std::string name) {
  for (char& character : name)
    if (character == '_') character = ' ';
  return name;
}

std::string chart_of(const RunRecord& record, const Timeline& timeline, const std::string& name, LineChart chart) {
  chart.x_title = "epoch";
  chart.spans = timeline.spans();
  chart.series.insert(chart.series.begin(), timeline.series(chart.title, 0, record.steps, name));
  return chart.has_points() ? draw(chart) : "";
}

// With the entropy of the uniform policy, which one that learned nothing keeps.
std::string entropy_chart(const RunRecord& record, const Timeline& timeline, const std::string& name) {
  LineChart chart;
  chart.title = "Entropy of the policy of " + name.substr(0, name.rfind('.'));
  chart.y_title = "entropy, nat";
  chart.is_from_zero = true;
  for (const PolicyRecord& policy : record.policies)
    if (name == policy.augmenter + ".entropy" && !timeline.spans().empty()) {
      const double uniform = 2 * std::log(static_cast<double>(policy.operations.size()));
      chart.series.push_back(
          {"uniform policy", 3, {{timeline.spans().front().begin, uniform}, {timeline.spans().back().end, uniform}}});
    }
  return chart_of(record, timeline, name, chart);
}

std::string frozen_chart(const RunRecord& record, const Timeline& timeline, const std::string& name) {
  LineChart chart;
  chart.title = "Frozen choices of " + name.substr(0, name.rfind('.'));
  chart.y_title = "choices";
  chart.is_from_zero = true;
  return chart_of(record, timeline, name, chart);
}

}  // namespace

Section course_section(const RunRecord& record) {
  const Timeline timeline(record);
  std::string hyper, others;
  for (const std::string& name : names_in(record.steps)) {
    if (is_hyper_parameter(name)) {
      LineChart chart;
      chart.title = in_words(name);
      chart.title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(chart.title[0])));
      chart.y_title = in_words(name);
      hyper += chart_of(record, timeline, name, chart);
    } else if (name.ends_with(".entropy")) {
      others += entropy_chart(record, timeline, name);
    } else if (name.ends_with(".frozen")) {
      others += frozen_chart(record, timeline, name);
    }
  }
  if (hyper.empty() && others.empty()) return {"course", "Course of the search", ""};
  return {"course", "Course of the search", "<div class=\"grid\">\n" + hyper + others + "</div>\n"};
}

}  // namespace dha::page
