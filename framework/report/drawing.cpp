#include "report/drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "report/graph_layout.hpp"
#include "report/operation_colours.hpp"

namespace dha {

namespace {

// Greys whose contrast with white and with black is 4.5 at least, but for the lines of unlabelled edges (3.2).
constexpr const char* kTextColour = "#757575";
constexpr const char* kPlainEdgeColour = "#8c9199";
constexpr const char* kNodeColour = "#56637a";
constexpr const char* kEndColour = "#3f4a5c";

constexpr double kMargin = 12, kTitleHeight = 30, kFigureGap = 18, kLegendRowHeight = 24, kSwatchWidth = 22;

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char character : text) {
    switch (character) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += static_cast<unsigned char>(character) < 0x20 ? ' ' : character;  // not allowed in XML
    }
  }
  return safe;
}

// A node's label, with "_{…}" as a subscript.
std::string with_subscript(const std::string& label) {
  const size_t start = label.find("_{");
  const size_t end = label.find('}', start == label.npos ? 0 : start);
  if (start == label.npos || end == label.npos) return escaped(label);
  return fmt::format("{}<tspan dy=\"3.5\" font-size=\"{}\">{}</tspan>{}", escaped(label.substr(0, start)),
                     kNodeFontSize - 3, escaped(label.substr(start + 2, end - start - 2)),
                     escaped(label.substr(end + 1)));
}

// `content`: escaped text, perhaps with elements.
std::string text_at(Point centre, std::string_view content, double size, std::string_view style) {
  // Dominant baselines are drawn differently by different programs; a third of the size below the middle suits all.
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\" {}>{}</text>\n", centre.x,
                     centre.y + 0.35 * size, size, style, content);
}

std::string rectangle(const Box& box, double radius, std::string_view style) {
  return fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"{}\" {}/>\n", box.left(),
                     box.top(), box.width, box.height, radius, style);
}

using Colours = std::map<std::string, std::string>;

std::string draw_edge(const EdgeRoute& route, const std::string& label, const Colours& colours) {
  const std::string colour = label.empty() ? kPlainEdgeColour : colours.at(label);
  std::string svg = fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"/>\n", route.path,
                                colour, label.empty() ? 1.5 : 2.2);
  svg += fmt::format("<path d=\"M{:.1f} {:.1f} l-{} -4.2 v8.4 z\" fill=\"{}\"/>\n", route.tip.x, route.tip.y,
                     kArrowLength, colour);
  return svg;
}

std::string draw_label(const EdgeRoute& route, const std::string& label, const Colours& colours) {
  if (label.empty()) return "";
  return rectangle(route.label, route.label.height / 2,
                   fmt::format("class=\"operation\" fill=\"{}\"", colours.at(label))) +
         text_at(route.label.centre, escaped(label), kLabelFontSize, "text-anchor=\"middle\" fill=\"#ffffff\"");
}

std::string draw_node(const Box& box, const ArchitectureGraph::Node& node) {
  const bool is_end = node.is_input || node.is_output;
  return rectangle(box, is_end ? 5 : 9,
                   fmt::format("class=\"node\" fill=\"{}\" stroke=\"{}\" stroke-width=\"1.2\"",
                               is_end ? kEndColour : kNodeColour, kPlainEdgeColour)) +
         text_at(box.centre, with_subscript(node.label), kNodeFontSize,
                 "text-anchor=\"middle\" font-weight=\"bold\" fill=\"#ffffff\"");
}

// One figure with its title, its upper left corner at (0, `top`).
std::string draw_figure(const ArchitectureGraph& graph, const GraphLayout& layout, double top, const Colours& colours) {
  std::string svg = text_at({kMargin, top + kTitleHeight / 2}, escaped(graph.title), 16,
                            fmt::format("font-weight=\"bold\" fill=\"{}\"", kTextColour));
  svg += fmt::format("<g transform=\"translate(0 {:.1f})\">\n", top + kTitleHeight);
  // Plain edges first, so that operations lie above them; boxes last, above all lines.
  for (const bool is_plain : {true, false})
    for (size_t e = 0; e < graph.edges.size(); ++e)
      if (graph.edges[e].label.empty() == is_plain) svg += draw_edge(layout.edges[e], graph.edges[e].label, colours);
  for (size_t e = 0; e < graph.edges.size(); ++e) svg += draw_label(layout.edges[e], graph.edges[e].label, colours);
  for (size_t i = 0; i < graph.nodes.size(); ++i) svg += draw_node(layout.nodes[i], graph.nodes[i]);
  return svg + "</g>\n";
}

struct Legend {
  std::string svg;
  double height = 0;
};

// Every operation with how often it occurs, in rows of at most `width`.
Legend draw_legend(const std::vector<ArchitectureGraph>& graphs, const Colours& colours, double width, double top) {
  std::map<std::string, int> counts;
  for (const ArchitectureGraph& graph : graphs)
    for (const ArchitectureGraph::Edge& edge : graph.edges) ++counts[edge.label];
  Legend legend;
  double x = kMargin, y = top + kLegendRowHeight / 2;
  for (const auto& [operation, colour] : colours) {
    const std::string text = fmt::format("{} \u00d7{}", operation, counts[operation]);
    const double needed = kSwatchWidth + 8 + text_width(text, kLabelFontSize);
    if (x > kMargin && x + needed > width - kMargin) {
      x = kMargin;
      y += kLegendRowHeight;
    }
    legend.svg += rectangle({{x + kSwatchWidth / 2, y}, kSwatchWidth, 10}, 5,
                            fmt::format("class=\"legend\" fill=\"{}\"", colour));
    legend.svg +=
        text_at({x + kSwatchWidth + 6, y}, escaped(text), kLabelFontSize, fmt::format("fill=\"{}\"", kTextColour));
    x += needed + 16;
  }
  legend.height = colours.empty() ? 0 : y - top + kLegendRowHeight / 2;
  return legend;
}

}  // namespace

std::string draw_svg(const std::vector<ArchitectureGraph>& graphs) {
  std::vector<GraphLayout> layouts;
  std::set<std::string> operations;
  double width = 360;
  for (const ArchitectureGraph& graph : graphs) {
    layouts.push_back(lay_out(graph));
    width = std::max({width, layouts.back().width, text_width(graph.title, 16) * 1.1 + 2 * kMargin});
    for (const ArchitectureGraph::Edge& edge : graph.edges)
      if (!edge.label.empty()) operations.insert(edge.label);
  }
  const Colours colours = operation_colours(operations);

  std::string figures, titles;
  double y = kMargin;
  for (size_t i = 0; i < graphs.size(); ++i) {
    figures += draw_figure(graphs[i], layouts[i], y, colours);
    titles += (i == 0 ? "" : ", ") + graphs[i].title;
    y += kTitleHeight + layouts[i].height + kFigureGap;
  }
  const Legend legend = draw_legend(graphs, colours, width, y);
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} "
             "{1:.0f}\" font-family=\"DejaVu Sans, Verdana, Helvetica, Arial, sans-serif\" role=\"img\">\n"
             "<title>{2}</title>\n",
             width, y + legend.height + kMargin, escaped(titles)) +
         figures + legend.svg + "</svg>\n";
}

}  // namespace dha
