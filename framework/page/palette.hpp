// Gives each series of a chart a colour, a dash pattern and a mark, so that a reader can distinguish them.
#pragma once

#include <string>
#include <vector>

namespace dha::page {

// The classes of the style sheet for the series with this number, counted from 0. There are six colours.
std::string series_classes(int number);

// A mark at a place of a drawing, as an SVG element: discs for the first six numbers, then squares, triangles and
// diamonds. `radius`: px.
std::string mark(int number, double x, double y, double radius);

struct LegendEntry {
  std::string name;
  int number = 0;
  bool is_mark = false;  // shown as one, not as a line
};

// A button per entry, by which the script shows and hides what has its name as data-group.
std::string legend(const std::vector<LegendEntry>& entries);

}  // namespace dha::page
