// A matrix as coloured cells with names of rows and columns, as an SVG.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace dha::page {

struct HeatMap {
  std::string title;
  std::string row_title, column_title;
  std::vector<std::string> names;  // of rows and of columns; drawn where cells are large enough for text

  struct Cell {
    double intensity = 0;   // in [0, 1]; cells with 0 are left out
    std::string text;       // within the cell, if it fits
    std::string hover;      // what the cell says under the pointer
    bool is_wrong = false;  // drawn in the colour of mistakes
  };
  std::function<Cell(size_t row, size_t column)> cell;
};

// A <figure>.
std::string draw(const HeatMap& map);

}  // namespace dha::page
