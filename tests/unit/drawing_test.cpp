// Drawings of architectures: every node and operation is there, nothing overlaps, and the file is well-formed XML.
#include "report/drawing.hpp"

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "dha/error.hpp"
#include "report/graph_layout.hpp"

using dha::ArchitectureGraph;
using dha::Box;

namespace {

// A cell as DARTS draws it: two inputs, four nodes with two edges each, one output.
ArchitectureGraph cell() {
  ArchitectureGraph graph{"normal <cell> & co", {}, {}};
  for (const char* id : {"c_{k-2}", "c_{k-1}", "0", "1", "2", "3", "c_{k}"})
    graph.nodes.push_back({id, id, std::string(id).find("k-") != std::string::npos, std::string(id) == "c_{k}"});
  for (const auto& [from, to, label] :
       std::vector<std::tuple<const char*, const char*, const char*>>{{"c_{k-2}", "0", "sep_conv_3x3"},
                                                                      {"c_{k-1}", "0", "sep_conv_3x3"},
                                                                      {"c_{k-2}", "1", "dil_conv_5x5"},
                                                                      {"0", "1", "skip_connect"},
                                                                      {"c_{k-1}", "2", "max_pool_3x3"},
                                                                      {"1", "2", "sep_conv_5x5"},
                                                                      {"c_{k-2}", "3", "avg_pool_3x3"},
                                                                      {"0", "3", "skip_connect"},
                                                                      {"0", "c_{k}", ""},
                                                                      {"1", "c_{k}", ""},
                                                                      {"2", "c_{k}", ""},
                                                                      {"3", "c_{k}", ""}})
    graph.edges.push_back({from, to, label});
  return graph;
}

bool overlap(const Box& a, const Box& b) {
  return a.left() < b.right() && b.left() < a.right() && a.top() < b.bottom() && b.top() < a.bottom();
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(drawing)

BOOST_AUTO_TEST_CASE(every_node_and_operation_is_drawn_in_well_formed_xml) {
  const std::string svg = dha::draw_svg({cell(), cell()});
  std::istringstream stream(svg);
  boost::property_tree::ptree tree;
  BOOST_REQUIRE_NO_THROW(boost::property_tree::read_xml(stream, tree));
  BOOST_TEST(tree.count("svg") == 1U);
  BOOST_TEST(count(svg, "normal &lt;cell&gt; &amp; co") == 4U);  // two figures, and the file's title names both
  for (const char* operation :
       {"sep_conv_3x3", "sep_conv_5x5", "dil_conv_5x5", "skip_connect", "max_pool_3x3", "avg_pool_3x3"})
    BOOST_TEST(count(svg, operation) >= 3U, operation);  // an edge of each figure, and the legend
}

BOOST_AUTO_TEST_CASE(boxes_and_labels_do_not_overlap_and_lie_inside) {
  const dha::GraphLayout layout = dha::lay_out(cell());
  std::vector<Box> boxes = layout.nodes;
  for (const dha::EdgeRoute& edge : layout.edges)
    if (edge.label.width > 0) boxes.push_back(edge.label);
  BOOST_REQUIRE(boxes.size() == 7U + 8U);
  for (size_t i = 0; i < boxes.size(); ++i) {
    BOOST_TEST((boxes[i].left() >= 0 && boxes[i].right() <= layout.width));
    BOOST_TEST((boxes[i].top() >= 0 && boxes[i].bottom() <= layout.height));
    for (size_t j = 0; j < i; ++j) BOOST_TEST(!overlap(boxes[i], boxes[j]), i << " and " << j);
  }
}

BOOST_AUTO_TEST_CASE(edges_point_to_the_right) {
  const ArchitectureGraph graph = cell();
  const dha::GraphLayout layout = dha::lay_out(graph);
  const auto box_of = [&](const std::string& id) {
    for (size_t i = 0; i < graph.nodes.size(); ++i)
      if (graph.nodes[i].id == id) return layout.nodes[i];
    return Box{};
  };
  for (size_t i = 0; i < graph.edges.size(); ++i) {
    BOOST_TEST(box_of(graph.edges[i].from).right() < box_of(graph.edges[i].to).left());
    BOOST_TEST(std::abs(layout.edges[i].tip.x - box_of(graph.edges[i].to).left()) < 3);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_graph_is_refused) {
  ArchitectureGraph circle = cell();
  circle.edges.push_back({"3", "0", "x"});
  BOOST_CHECK_THROW(dha::lay_out(circle), dha::Error);
  ArchitectureGraph dangling = cell();
  dangling.edges.push_back({"3", "9", "x"});
  BOOST_CHECK_THROW(dha::lay_out(dangling), dha::Error);
  ArchitectureGraph twice = cell();
  twice.nodes.push_back(twice.nodes.front());
  BOOST_CHECK_THROW(dha::lay_out(twice), dha::Error);
  BOOST_CHECK_NO_THROW(dha::draw_svg({}));
}

BOOST_AUTO_TEST_SUITE_END()
