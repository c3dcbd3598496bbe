#include "page/heat_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "page/html.hpp"
#include "report/graph_layout.hpp"

namespace dha::page {

namespace {

constexpr double kSide = 290;  // px that the cells may take
constexpr double kTextSize = 11, kTitleHeight = 18, kLargestCell = 30;
constexpr double kSmallestNamedCell = 11;  // px; names of smaller cells would overlap
constexpr size_t kLongestName = 16;
constexpr int kShades = 20;

struct Layout {
  double cell = 0, left = 0, top = 0;
  bool has_names = false;
};

Layout layout_of(const std::vector<std::string>& names) {
  Layout layout;
  layout.cell = std::min(kLargestCell, kSide / static_cast<double>(names.size()));
  layout.has_names = layout.cell >= kSmallestNamedCell;
  double longest = 0;
  if (layout.has_names)
    for (const std::string& name : names)
      longest = std::max(longest, text_width(shortened(name, kLongestName), kTextSize));
  layout.left = kTitleHeight + (layout.has_names ? longest + 8 : 4);
  layout.top = kTitleHeight + (layout.has_names ? longest + 8 : 4);
  return layout;
}

std::string names_of(const HeatMap& map, const Layout& layout) {
  std::string svg;
  for (size_t i = 0; layout.has_names && i < map.names.size(); ++i) {
    const double middle = (static_cast<double>(i) + 0.5) * layout.cell;
    const std::string name = escaped(shortened(map.names[i], kLongestName));
    svg += fmt::format("<text class=\"e\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", layout.left - 5,
                       layout.top + middle + 3.8, name);
    svg += fmt::format("<text transform=\"translate({:.1f} {:.1f}) rotate(-90)\">{}</text>\n",
                       layout.left + middle + 3.8, layout.top - 5, name);
  }
  return svg;
}

std::string cell_text(const HeatMap::Cell& cell, double x, double y, double side) {
  if (cell.text.empty() || text_width(cell.text, kTextSize) > side - 2) return "";
  return fmt::format("<text class=\"m{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", cell.intensity > 0.55 ? " on" : "",
                     x + side / 2, y + side / 2 + 3.8, escaped(cell.text));
}

// Cells without text or words are drawn together, one path per shade, so that large matrices stay small files.
std::string small_cells(const HeatMap& map, const Layout& layout) {
  std::array<std::string, 2 * (kShades + 1)> paths;
  for (size_t row = 0; row < map.names.size(); ++row)
    for (size_t column = 0; column < map.names.size(); ++column) {
      const HeatMap::Cell cell = map.cell(row, column);
      if (!(cell.intensity > 0)) continue;
      const auto shade = static_cast<size_t>(std::ceil(std::min(1.0, cell.intensity) * kShades));
      paths[2 * shade + (cell.is_wrong ? 1 : 0)] += fmt::format("M{} {}h1v1h-1z", column, row);
    }
  std::string svg =
      fmt::format("<g transform=\"translate({:.1f} {:.1f}) scale({:.4f})\">\n", layout.left, layout.top, layout.cell);
  for (size_t i = 0; i < paths.size(); ++i)
    if (!paths[i].empty())
      svg += fmt::format("<path class=\"{}\" fill-opacity=\"{:.2f}\" d=\"{}\"/>\n", i % 2 == 1 ? "wrong" : "right",
                         static_cast<double>(i / 2) / kShades, paths[i]);
  return svg + "</g>\n";
}

std::string large_cells(const HeatMap& map, const Layout& layout) {
  std::string svg;
  for (size_t row = 0; row < map.names.size(); ++row)
    for (size_t column = 0; column < map.names.size(); ++column) {
      const HeatMap::Cell cell = map.cell(row, column);
      if (!(cell.intensity > 0)) continue;
      const double x = layout.left + static_cast<double>(column) * layout.cell;
      const double y = layout.top + static_cast<double>(row) * layout.cell;
      svg += fmt::format(
          "<g><title>{}</title><rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
          "fill-opacity=\"{:.3f}\"/>{}</g>\n",
          escaped(cell.hover), cell.is_wrong ? "wrong" : "right", x, y, layout.cell - 0.6, layout.cell - 0.6,
          std::min(1.0, cell.intensity), cell_text(cell, x, y, layout.cell));
    }
  return svg;
}

}  // namespace

std::string draw(const HeatMap& map) {
  const Layout layout = layout_of(map.names);
  const double side = layout.cell * static_cast<double>(map.names.size());
  // Titles of few small cells may be wider than these.
  const double width = std::max(layout.left + side, layout.left + text_width(map.column_title, kTextSize)) + 2;
  const double height = std::max(layout.top + side, layout.top + text_width(map.row_title, kTextSize)) + 2;
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 {:.0f} {:.0f}\" style=\"max-width:{:.0f}px\" role=\"img\" "
      "aria-label=\"{}\">\n",
      width, height, 1.25 * width, escaped(map.title));
  svg += fmt::format("<text x=\"{:.1f}\" y=\"12\">{}</text>\n", layout.left, escaped(map.column_title));
  svg += fmt::format("<text class=\"e\" transform=\"translate(12 {:.1f}) rotate(-90)\">{}</text>\n", layout.top,
                     escaped(map.row_title));
  svg += names_of(map, layout);
  svg += layout.has_names ? large_cells(map, layout) : small_cells(map, layout);
  svg += fmt::format("<rect class=\"frame\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>\n",
                     layout.left - 0.5, layout.top - 0.5, side + 0.4, side + 0.4);
  return figure(map.title, svg + "</svg>\n", "map");
}

}  // namespace dha::page
