// Curves and dots over one axis, as an SVG with a legend.
#pragma once

#include <string>
#include <vector>

namespace dha::page {

struct Series {
  std::string name;
  int colour = 0;  // number in the page's palette, from 0
  struct Point {
    double x = 0, y = 0;
  };
  std::vector<Point> points;  // in the order of x; those that are not finite are left out
  bool is_dots = false;       // not connected
  std::string group{};        // what the legend names, and shows and hides together; empty: the name
};

// A part of the x axis with a name, such as a stage.
struct Span {
  std::string name;
  double begin = 0, end = 0;
};

struct LineChart {
  std::string title, x_title, y_title;
  std::vector<Series> series;
  std::vector<Span> spans;
  bool is_percent = false;         // values of y are shares in [0, 1]
  bool is_from_zero = false;       // the y axis begins there
  bool has_logarithmic_x = false;  // where its values are positive
  bool has_legend = true;

  // Whether there is a point to draw.
  bool has_points() const;
};

// A <figure>. Curves of many points are thinned to as many as the drawing can show, and many curves further.
std::string draw(const LineChart& chart);

}  // namespace dha::page
