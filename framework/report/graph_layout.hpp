// The positions of a graph's nodes and labels in a drawing, and the paths of its edges.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dha/space.hpp"

namespace dha {

struct Point {
  double x = 0, y = 0;
};

// By its centre, in px.
struct Box {
  Point centre;
  double width = 0, height = 0;
  double left() const { return centre.x - width / 2; }
  double right() const { return centre.x + width / 2; }
  double top() const { return centre.y - height / 2; }
  double bottom() const { return centre.y + height / 2; }
};

struct EdgeRoute {
  std::string path;  // of an SVG path element, up to the foot of the arrow
  Point tip;         // of the arrow, which points to the right
  Box label;         // without size if the edge has no label
};

// Entries in the graph's order. Boxes do not overlap, and no path crosses one but those it belongs to.
struct GraphLayout {
  double width = 0, height = 0;
  std::vector<Box> nodes;
  std::vector<EdgeRoute> edges;
};

constexpr double kLabelFontSize = 12, kNodeFontSize = 13, kArrowLength = 8;

// Nodes in layers by the longest path from a source (Sugiyama), every label in a column before its edge's target. A
// chain that is too long for one row continues in the next. Throws Error{kContractViolation} for edges to unknown
// nodes, equal ids and cycles.
GraphLayout lay_out(const ArchitectureGraph& graph);

// An upper estimate of the width of text in the fonts that drawings name, px.
double text_width(std::string_view text, double font_size);

}  // namespace dha
