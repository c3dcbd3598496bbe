#include "page/scatter_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "page/html.hpp"
#include "page/palette.hpp"
#include "page/plot_area.hpp"

namespace dha::page {

namespace {

constexpr double kLogarithmicFrom = 10;            // largest over smallest value of a logarithmic x axis
constexpr double kRadius = 4.5, kTouchRadius = 7;  // px

bool is_drawn(const ScatterPlot::Point& point) { return std::isfinite(point.x) && std::isfinite(point.y); }

double shown(const ScatterPlot& plot, double y) { return plot.is_percent ? 100 * y : y; }

PlotArea area_of(const ScatterPlot& plot) {
  ValueRange x, y;
  for (const ScatterPlot::Group& group : plot.groups)
    for (const ScatterPlot::Point& point : group.points)
      if (is_drawn(point)) {
        x.add(point.x);
        y.add(shown(plot, point.y));
      }
  return {PlotArea::horizontal(x, 0.06, x.high > kLogarithmicFrom * x.low), PlotArea::vertical(y, plot.is_percent)};
}

// The pointer need not hit the mark itself.
std::string point_of(const ScatterPlot::Point& point, double x, double y, int colour) {
  return fmt::format("<g><title>{}</title><circle class=\"near\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"/>{}</g>\n",
                     escaped(point.hover), x, y, kTouchRadius, mark(colour, x, y, kRadius));
}

}  // namespace

std::string draw(const ScatterPlot& plot) {
  const auto is_empty = [](const ScatterPlot::Group& group) {
    return std::none_of(group.points.begin(), group.points.end(), is_drawn);
  };
  if (std::all_of(plot.groups.begin(), plot.groups.end(), is_empty)) return "";
  const PlotArea area = area_of(plot);
  std::string marks;
  for (const ScatterPlot::Group& group : plot.groups) {
    if (is_empty(group)) continue;
    marks += fmt::format("<g class=\"series marks {}\" data-group=\"{}\">\n", series_classes(group.colour),
                         escaped(group.name));
    for (const ScatterPlot::Point& point : group.points)
      if (is_drawn(point))
        marks += point_of(point, area.x().position(point.x), area.y().position(shown(plot, point.y)), group.colour);
    marks += "</g>\n";
  }
  return figure(plot.title, area.svg({plot.title, plot.x_title, plot.y_title}, marks), "chart");
}

}  // namespace dha::page
