// The frame of a plot: two axes with ticks and titles around the place of its curves or marks.
#pragma once

#include <limits>
#include <string>

#include "page/axis.hpp"

namespace dha::page {

// The values that an axis has to show.
struct ValueRange {
  double low = std::numeric_limits<double>::infinity(), high = -low;

  void add(double value);
};

class PlotArea {
 public:
  // px of the drawing, and the frame within it.
  static constexpr double kWidth = 400, kHeight = 240, kLeft = 72, kRight = 388, kTop = 24, kBottom = 196;
  static constexpr double kTextSize = 12;

  PlotArea(const Axis& x, const Axis& y) : x_(x), y_(y) {}

  // The horizontal axis for `values`, of which there is at least one, logarithmic if they are positive and
  // `may_be_logarithmic`. `margin`: share of their range that stays free on each side.
  static Axis horizontal(ValueRange values, double margin, bool may_be_logarithmic);

  // The vertical axis; with `is_percent` from 0 to 100 at most, else logarithmic for positive values of several orders.
  static Axis vertical(ValueRange values, bool is_percent);

  const Axis& x() const { return x_; }
  const Axis& y() const { return y_; }

  struct Titles {
    std::string plot, x, y;
  };
  // <svg> with frame and axes around `content`.
  std::string svg(const Titles& titles, const std::string& content) const;

 private:
  std::string x_ticks() const;

  Axis x_, y_;
};

}  // namespace dha::page
