#include "page/plot_area.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "page/html.hpp"
#include "report/graph_layout.hpp"

namespace dha::page {

namespace {

constexpr double kLogarithmicFrom = 50;  // largest over smallest value of a logarithmic y axis
constexpr int kMostXTicks = 8, kMostYTicks = 6;

// Losses, rates and shares, which are never negative, have axes that are not either.
ValueRange widened_by(double margin, const ValueRange& range) {
  return {range.low >= 0 ? std::max(0.0, range.low - margin) : range.low - margin, range.high + margin};
}

// A little more than the values need, so that no curve lies on the frame; more where they differ by less than the
// labels of ticks can say.
ValueRange widened(const ValueRange& range) {
  double margin = 0.04 * (range.high - range.low);
  if (margin <= 0) margin = range.low == 0 ? 1 : 0.1 * std::fabs(range.low);
  ValueRange wide = widened_by(margin, range);
  while (read_alike(Axis(wide.low, wide.high, 0, 1).ticks(kMostYTicks))) wide = widened_by(wide.high - wide.low, wide);
  return wide;
}

}  // namespace

void ValueRange::add(double value) {
  low = std::min(low, value);
  high = std::max(high, value);
}

Axis PlotArea::horizontal(ValueRange values, double margin, bool may_be_logarithmic) {
  if (values.low == values.high) values = {values.low - 1, values.high + 1};
  if (may_be_logarithmic && values.low > 0) return {values.low / 1.05, values.high * 1.05, kLeft, kRight, true};
  values = widened_by(margin * (values.high - values.low), values);
  return {values.low, values.high, kLeft, kRight};
}

Axis PlotArea::vertical(ValueRange values, bool is_percent) {
  if (!is_percent && values.low > 0 && values.high > kLogarithmicFrom * values.low)
    return {values.low / 1.1, values.high * 1.1, kBottom, kTop, true};
  values = widened(values);
  if (is_percent) values = {std::max(0.0, values.low), std::min(100.0, values.high)};
  return {values.low, values.high, kBottom, kTop};
}

std::string PlotArea::x_ticks() const {
  std::string svg;
  double free_from = 0;
  for (const Axis::Tick& tick : x_.ticks(kMostXTicks)) {
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

std::string PlotArea::svg(const Titles& titles, const std::string& content) const {
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n<rect class=\"frame\" x=\"{}\" y=\"{}\" "
      "width=\"{}\" height=\"{}\"/>\n",
      kWidth, kHeight, escaped(titles.plot), kLeft, kTop, kRight - kLeft, kBottom - kTop);
  svg += rules_of(y_, kMostYTicks, kLeft, kRight) + x_ticks();
  svg += fmt::format(
      "<text class=\"m\" x=\"{:.0f}\" y=\"{}\">{}</text>\n"
      "<text class=\"m\" transform=\"translate(11 {:.0f}) rotate(-90)\">{}</text>\n",
      (kLeft + kRight) / 2, kHeight - 8, escaped(titles.x), (kTop + kBottom) / 2, escaped(titles.y));
  return svg + content + "</svg>\n";
}

}  // namespace dha::page
