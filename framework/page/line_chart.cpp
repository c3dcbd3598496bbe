#include "page/line_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "page/axis.hpp"
#include "page/html.hpp"
#include "report/graph_layout.hpp"

namespace dha::page {

namespace {

constexpr double kWidth = 400, kHeight = 240;
constexpr double kLeft = 64, kRight = 388, kTop = 24, kBottom = 196;
constexpr double kTextSize = 11;
constexpr size_t kMostPoints = 400;
constexpr double kLogarithmicFrom = 50;  // largest over smallest value of a logarithmic y axis

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;

  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

bool is_drawn(const Series::Point& point) { return std::isfinite(point.x) && std::isfinite(point.y); }

// Evenly chosen ones, the first and the last among them.
std::vector<Series::Point> thinned(const std::vector<Series::Point>& points) {
  std::vector<Series::Point> finite;
  std::copy_if(points.begin(), points.end(), std::back_inserter(finite), is_drawn);
  if (finite.size() <= kMostPoints) return finite;
  std::vector<Series::Point> kept;
  for (size_t i = 0; i < kMostPoints; ++i) kept.push_back(finite[i * (finite.size() - 1) / (kMostPoints - 1)]);
  return kept;
}

// A little more than the values need, so that no curve lies on the frame.
Range widened(Range range, bool is_logarithmic) {
  if (is_logarithmic) return {range.low / 1.1, range.high * 1.1};
  double margin = 0.04 * (range.high - range.low);
  if (margin <= 0) margin = range.low == 0 ? 1 : 0.1 * std::fabs(range.low);
  // Losses, rates and shares, which are never negative, have axes that are not either.
  return {range.low >= 0 ? std::max(0.0, range.low - margin) : range.low - margin, range.high + margin};
}

// Shortened to `width` px; empty where less than two letters fit.
std::string fitted(const std::string& name, double width) {
  for (size_t letters = name.size(); letters > 1; --letters)
    if (const std::string text = shortened(name, letters); text_width(text, kTextSize) <= width) return text;
  return text_width(name, kTextSize) <= width ? name : "";
}

class Drawing {
 public:
  explicit Drawing(const LineChart& chart) : chart_(chart), x_(x_axis()), y_(y_axis()) {}

  std::string svg() {
    std::string svg = fmt::format(
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n<rect class=\"frame\" x=\"{}\" y=\"{}\" "
        "width=\"{}\" height=\"{}\"/>\n",
        kWidth, kHeight, escaped(chart_.title), kLeft, kTop, kRight - kLeft, kBottom - kTop);
    svg += spans() + y_ticks() + x_ticks() + titles();
    for (const Series& series : chart_.series) svg += curve(series);
    return svg + "</svg>\n";
  }

 private:
  Axis x_axis() const {
    Range range;
    for (const Series& series : chart_.series)
      for (const Series::Point& point : series.points)
        if (is_drawn(point)) range.add(point.x);
    for (const Span& span : chart_.spans) {
      range.add(span.begin);
      range.add(span.end);
    }
    if (range.low == range.high) range = {range.low - 1, range.high + 1};
    if (chart_.has_logarithmic_x && range.low > 0 && range.high > range.low)
      return {range.low / 1.05, range.high * 1.05, kLeft, kRight, true};
    if (chart_.spans.empty()) {
      const double margin = 0.03 * (range.high - range.low);
      range = {range.low >= 0 ? std::max(0.0, range.low - margin) : range.low - margin, range.high + margin};
    }
    return {range.low, range.high, kLeft, kRight};
  }

  Axis y_axis() const {
    Range range;
    for (const Series& series : chart_.series)
      for (const Series::Point& point : series.points)
        if (is_drawn(point)) range.add(point.y * (chart_.is_percent ? 100 : 1));
    if (chart_.is_from_zero) range.add(0);
    const bool is_logarithmic = !chart_.is_percent && range.low > 0 && range.high > kLogarithmicFrom * range.low;
    range = widened(range, is_logarithmic);
    if (chart_.is_percent) range = {std::max(0.0, range.low), std::min(100.0, range.high)};
    return {range.low, range.high, kBottom, kTop, is_logarithmic};
  }

  double y_position(double value) const { return y_.position(value * (chart_.is_percent ? 100 : 1)); }

  std::string y_ticks() const { return rules_of(y_, 6, kLeft, kRight); }

  std::string x_ticks() const {
    std::string svg;
    double free_from = 0;
    for (const Axis::Tick& tick : x_.ticks(8)) {
      const double half = text_width(tick.label, kTextSize) / 2;
      if (tick.position - half < free_from || tick.position + half > kWidth) continue;
      free_from = tick.position + half + 6;
      svg += fmt::format(
          "<line class=\"tick\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/><text class=\"m\" x=\"{0:.1f}\" "
          "y=\"{3}\">{4}</text>\n",
          tick.position, kBottom, kBottom + 4, kBottom + 16, tick.label);
    }
    return svg;
  }

  std::string titles() const {
    return fmt::format(
        "<text class=\"m\" x=\"{:.0f}\" y=\"{}\">{}</text>\n"
        "<text class=\"m\" transform=\"translate(11 {:.0f}) rotate(-90)\">{}</text>\n",
        (kLeft + kRight) / 2, kHeight - 8, escaped(chart_.x_title), (kTop + kBottom) / 2, escaped(chart_.y_title));
  }

  std::string spans() const {
    std::string svg;
    for (const Span& span : chart_.spans) {
      const double begin = x_.position(span.begin), end = x_.position(span.end);
      if (&span != chart_.spans.data())
        svg += fmt::format("<line class=\"span\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/>\n", begin, kTop,
                           kBottom);
      if (const std::string name = fitted(span.name, end - begin - 4); !name.empty())
        svg += fmt::format("<text class=\"m\" x=\"{:.1f}\" y=\"{}\">{}</text>\n", (begin + end) / 2, kTop - 7,
                           escaped(name));
    }
    return svg;
  }

  // A line and a dot for each value that stands alone; the values themselves are for the script.
  std::string curve(const Series& series) const {
    const std::vector<Series::Point> points = thinned(series.points);
    if (points.empty()) return "";
    std::string positions, values, dots;
    for (const Series::Point& point : points) {
      const double x = x_.position(point.x), y = y_position(point.y);
      positions += fmt::format("{:.1f},{:.1f} ", x, y);
      values += fmt::format("{:.6g},{:.6g} ", point.x, point.y * (chart_.is_percent ? 100 : 1));
      if (series.is_dots || points.size() == 1)
        dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"/>", x, y);
    }
    positions.pop_back();
    values.pop_back();
    return fmt::format(
        "<g class=\"series c{} {}\" data-name=\"{}\" data-values=\"{}\"><polyline points=\"{}\"/>{}</g>\n",
        series.colour, series.is_dots ? "dots" : "curve", escaped(series.name), values, positions, dots);
  }

  const LineChart& chart_;
  Axis x_, y_;
};

std::string legend(const LineChart& chart) {
  std::string html = "<div class=\"legend\">";
  for (const Series& series : chart.series)
    if (std::any_of(series.points.begin(), series.points.end(), is_drawn))
      html += fmt::format("<button type=\"button\" class=\"c{}\" data-name=\"{}\"><i></i>{}</button>", series.colour,
                          escaped(series.name), escaped(series.name));
  return html + "</div>\n";
}

}  // namespace

bool LineChart::has_points() const {
  return std::any_of(series.begin(), series.end(),
                     [](const Series& one) { return std::any_of(one.points.begin(), one.points.end(), is_drawn); });
}

std::string draw(const LineChart& chart) {
  const std::string unit = chart.is_percent ? " data-unit=\" %\"" : "";
  return figure(chart.title,
                legend(chart) + fmt::format("<div class=\"plot\" data-x=\"{}\"{}>\n{}</div>\n", escaped(chart.x_title),
                                            unit, Drawing(chart).svg()),
                "chart");
}

}  // namespace dha::page
