// Marks of groups over two axes, as an SVG. The legend is left to the caller (palette.hpp).
#pragma once

#include <string>
#include <vector>

namespace dha::page {

struct ScatterPlot {
  std::string title, x_title, y_title;

  struct Point {
    double x = 0, y = 0;  // a point that is not finite is left out
    std::string hover;    // what it says under the pointer
  };
  struct Group {
    std::string name;
    int colour = 0;  // number in the page's palette, from 0
    std::vector<Point> points;
  };
  std::vector<Group> groups;
  bool is_percent = false;  // values of y are shares in [0, 1]
};

// A <figure>, empty without points. The x axis is logarithmic for positive values that differ by more than a factor of
// ten.
std::string draw(const ScatterPlot& plot);

}  // namespace dha::page
