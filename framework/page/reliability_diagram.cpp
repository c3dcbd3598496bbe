#include "page/reliability_diagram.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "page/axis.hpp"
#include "page/html.hpp"

namespace dha::page {

namespace {

constexpr double kLeft = 54, kRight = 348, kTop = 10, kBottom = 230;    // of the diagram
constexpr double kSharesTop = 244, kSharesBottom = 284, kHeight = 324;  // of the shares below it

std::string bar(double left, double right, double top, double bottom, const char* css_class) {
  return fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>", css_class,
                     left, top, right - left, bottom - top);
}

std::string bin_of(const CalibrationBin& bin, int64_t most, int64_t images, const Axis& x, const Axis& y) {
  const double left = x.position(100 * bin.lower) + 0.8, right = x.position(100 * bin.upper) - 0.8;
  const Axis shares(0, static_cast<double>(most), kSharesBottom, kSharesTop);
  return fmt::format(
      "<g><title>{} images ({}), said {}, right {}</title>{}{}<line class=\"said\" x1=\"{:.1f}\" x2=\"{:.1f}\" "
      "y1=\"{:.1f}\" y2=\"{:.1f}\"/></g>\n",
      whole(bin.images), percent(static_cast<double>(bin.images) / static_cast<double>(images)),
      percent(bin.probability), percent(bin.accuracy),
      bar(left, right, y.position(100 * bin.accuracy), kBottom, "right"),
      bar(left, right, shares.position(static_cast<double>(bin.images)), kSharesBottom, "share"), left, right,
      y.position(100 * bin.probability), y.position(100 * bin.probability));
}

std::string axes(const Axis& x, const Axis& y) {
  std::string svg = rules_of(y, 6, kLeft, kRight);
  for (const Axis::Tick& tick : x.ticks(6))
    svg += fmt::format("<text class=\"m\" x=\"{:.1f}\" y=\"{}\">{}</text>\n", tick.position, kSharesBottom + 16,
                       tick.label);
  svg += fmt::format("<text class=\"m\" x=\"{}\" y=\"{}\">probability of the predicted class, %</text>\n",
                     (kLeft + kRight) / 2, kHeight - 6);
  svg += fmt::format("<text class=\"m\" transform=\"translate(11 {}) rotate(-90)\">right, %</text>\n",
                     (kTop + kBottom) / 2);
  return svg + fmt::format("<text class=\"e\" x=\"{}\" y=\"{}\">images</text>\n", kLeft - 5,
                           (kSharesTop + kSharesBottom) / 2 + 4);
}

}  // namespace

std::string draw(const Calibration& calibration) {
  const Axis x(0, 100, kLeft, kRight), y(0, 100, kBottom, kTop);
  int64_t most = 0, images = 0;
  for (const CalibrationBin& bin : calibration.bins) {
    most = std::max(most, bin.images);
    images += bin.images;
  }
  std::string svg =
      fmt::format("<svg viewBox=\"0 0 360 {}\" role=\"img\" aria-label=\"reliability diagram\">\n", kHeight) +
      axes(x, y);
  for (const CalibrationBin& bin : calibration.bins)
    if (bin.images > 0) svg += bin_of(bin, most, images, x, y);
  svg += fmt::format("<line class=\"span\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n", kLeft, kBottom, kRight, kTop);
  for (const auto& [top, bottom] : {std::pair{kTop, kBottom}, std::pair{kSharesTop, kSharesBottom}})
    svg += bar(kLeft, kRight, top, bottom, "frame") + "\n";
  return figure("How often predictions are right, by their probability", svg + "</svg>\n", "chart");
}

}  // namespace dha::page
