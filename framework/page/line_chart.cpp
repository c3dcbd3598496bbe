#include "page/line_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "page/html.hpp"
#include "page/palette.hpp"
#include "page/plot_area.hpp"
#include "report/graph_layout.hpp"

namespace dha::page {

namespace {

constexpr size_t kMostPoints = 400, kMostOfAll = 20'000;  // of a curve, and of a chart
constexpr size_t kFewestPoints = 10;                      // of a curve among many

bool is_drawn(const Series::Point& point) { return std::isfinite(point.x) && std::isfinite(point.y); }

// Evenly chosen ones, the first and the last among them.
std::vector<Series::Point> thinned(const std::vector<Series::Point>& points, size_t most) {
  std::vector<Series::Point> finite;
  std::copy_if(points.begin(), points.end(), std::back_inserter(finite), is_drawn);
  if (finite.size() <= most) return finite;
  std::vector<Series::Point> kept;
  for (size_t i = 0; i < most; ++i) kept.push_back(finite[i * (finite.size() - 1) / (most - 1)]);
  return kept;
}

// Shortened to `width` px; empty where less than two letters fit.
std::string fitted(const std::string& name, double width) {
  for (size_t letters = name.size(); letters > 1; --letters)
    if (const std::string text = shortened(name, letters); text_width(text, PlotArea::kTextSize) <= width) return text;
  return text_width(name, PlotArea::kTextSize) <= width ? name : "";
}

const std::string& group_of(const Series& series) { return series.group.empty() ? series.name : series.group; }

class Drawing {
 public:
  explicit Drawing(const LineChart& chart)
      : chart_(chart),
        area_(x_axis(), y_axis()),
        most_(std::clamp(kMostOfAll / std::max<size_t>(1, chart.series.size()), kFewestPoints, kMostPoints)) {}

  std::string svg() const {
    std::string content = spans();
    for (const Series& series : chart_.series) content += curve(series);
    return area_.svg({chart_.title, chart_.x_title, chart_.y_title}, content);
  }

 private:
  double shown(double y) const { return chart_.is_percent ? 100 * y : y; }

  Axis x_axis() const {
    ValueRange values;
    bool are_whole = true;
    for (const Series& series : chart_.series)
      for (const Series::Point& point : series.points) {
        if (!is_drawn(point)) continue;
        values.add(point.x);
        are_whole = are_whole && point.x == std::floor(point.x);
      }
    for (const Span& span : chart_.spans) {
      values.add(span.begin);
      values.add(span.end);
    }
    Axis axis = PlotArea::horizontal(values, chart_.spans.empty() ? 0.03 : 0, chart_.has_logarithmic_x);
    if (are_whole) axis.count();  // epochs, trials
    return axis;
  }

  Axis y_axis() const {
    ValueRange values;
    for (const Series& series : chart_.series)
      for (const Series::Point& point : series.points)
        if (is_drawn(point)) values.add(shown(point.y));
    if (chart_.is_from_zero) values.add(0);
    return PlotArea::vertical(values, chart_.is_percent);
  }

  std::string spans() const {
    std::string svg;
    for (const Span& span : chart_.spans) {
      const double begin = area_.x().position(span.begin), end = area_.x().position(span.end);
      if (&span != chart_.spans.data())
        svg += fmt::format("<line class=\"span\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/>\n", begin,
                           PlotArea::kTop, PlotArea::kBottom);
      if (const std::string name = fitted(span.name, end - begin - 4); !name.empty())
        svg += fmt::format("<text class=\"m\" x=\"{:.1f}\" y=\"{}\">{}</text>\n", (begin + end) / 2, PlotArea::kTop - 7,
                           escaped(name));
    }
    return svg;
  }

  // A line and a dot for each value that stands alone; the values themselves are for the script.
  std::string curve(const Series& series) const {
    const std::vector<Series::Point> points = thinned(series.points, most_);
    if (points.empty()) return "";
    std::string positions, values, dots;
    for (const Series::Point& point : points) {
      const double x = area_.x().position(point.x), y = area_.y().position(shown(point.y));
      positions += fmt::format("{:.1f},{:.1f} ", x, y);
      values += fmt::format("{:.6g},{:.6g} ", point.x, shown(point.y));
      if (series.is_dots || points.size() == 1) dots += mark(series.colour, x, y, 3);
    }
    positions.pop_back();
    values.pop_back();
    return fmt::format(
        "<g class=\"series {} {}\" data-name=\"{}\" data-group=\"{}\" data-values=\"{}\"><polyline "
        "points=\"{}\"/>{}</g>\n",
        series_classes(series.colour), series.is_dots ? "dots" : "curve", escaped(series.name),
        escaped(group_of(series)), values, positions, dots);
  }

  const LineChart& chart_;
  PlotArea area_;
  size_t most_;  // points of a curve
};

std::string legend_of(const LineChart& chart) {
  std::vector<LegendEntry> entries;
  for (const Series& series : chart.series) {
    const auto is_same = [&](const LegendEntry& entry) { return entry.name == group_of(series); };
    if (std::any_of(series.points.begin(), series.points.end(), is_drawn) &&
        std::none_of(entries.begin(), entries.end(), is_same))
      entries.push_back({group_of(series), series.colour, series.is_dots});
  }
  if (entries.size() == 1 && entries.front().name == chart.title) entries.clear();  // says it already
  return legend(entries);
}

}  // namespace

bool LineChart::has_points() const {
  return std::any_of(series.begin(), series.end(),
                     [](const Series& one) { return std::any_of(one.points.begin(), one.points.end(), is_drawn); });
}

std::string draw(const LineChart& chart) {
  const std::string unit = chart.is_percent ? " data-unit=\" %\"" : "";
  return figure(
      chart.title,
      (chart.has_legend ? legend_of(chart) : "") + fmt::format("<div class=\"plot\" data-x=\"{}\"{}>\n{}</div>\n",
                                                               escaped(chart.x_title), unit, Drawing(chart).svg()),
      "chart");
}

}  // namespace dha::page
