#include "report/graph_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "dha/error.hpp"

namespace dha {

namespace {

constexpr double kMargin = 12, kLongestRow = 1150, kRowGap = 34, kTurn = 8;
constexpr double kLabelHeight = 22, kNodeHeight = 34, kPortDistance = 11, kWayHeight = 6;
constexpr double kVerticalGap = 12, kColumnGap = 26;

// What stands in a column: a node, or an edge on its way through it, perhaps with its label.
struct Item {
  int node = -1, edge = -1;  // one of them is not -1
  double width = 0, height = kWayHeight;
  double y = 0;
  bool is_label = false;
  std::vector<size_t> before, after;  // neighbours in the columns to the left and right, one an edge
};

// Columns 0, 2, 4, … hold nodes, those between labels.
class Layering {
 public:
  explicit Layering(const ArchitectureGraph& graph) : graph_(graph) {
    resolve_edges();
    assign_layers();
    make_items();
  }

  bool is_chain() const {
    return std::all_of(columns_.begin(), columns_.end(), [](const auto& column) { return column.size() == 1; });
  }

  // Fewest crossings found by sweeping medians of neighbours to and fro.
  void order_columns() {
    auto best = columns_;
    size_t fewest = crossings();
    for (int sweep = 0; sweep < 24 && fewest > 0; ++sweep) {
      sort_columns(sweep % 2 == 0);
      const size_t found = crossings();
      if (found >= fewest) continue;
      fewest = found;
      best = columns_;
    }
    columns_ = best;
  }

  // Heights near the mean of the neighbours', in the column's order and apart (least squares by pooling violators).
  void place_rows() {
    for (const auto& column : columns_) {
      double y = 0;
      for (const size_t i : column) {
        items_[i].y = y + items_[i].height / 2;
        y += items_[i].height + kVerticalGap;
      }
      for (const size_t i : column) items_[i].y -= y / 2;
    }
    for (int sweep = 0; sweep < 120; ++sweep)
      for (size_t k = 0; k < columns_.size(); ++k) place_column(columns_[sweep % 2 == 0 ? k : columns_.size() - 1 - k]);
  }

  const std::vector<Item>& items() const { return items_; }
  const std::vector<std::vector<size_t>>& columns() const { return columns_; }
  // The items of an edge from its source to its target, both included.
  const std::vector<size_t>& way(size_t edge) const { return ways_[edge]; }

 private:
  [[noreturn]] void reject(const std::string& problem) const {
    throw Error(ErrorCode::kContractViolation,
                fmt::format("the graph '{}' cannot be drawn: {}; fix the space that made it", graph_.title, problem));
  }

  void resolve_edges() {
    std::map<std::string, size_t> ids;
    for (size_t i = 0; i < graph_.nodes.size(); ++i)
      if (!ids.emplace(graph_.nodes[i].id, i).second) reject("two nodes have the id '" + graph_.nodes[i].id + "'");
    for (const ArchitectureGraph::Edge& edge : graph_.edges) {
      for (const std::string& id : {edge.from, edge.to})
        if (!ids.contains(id)) reject("an edge names the node '" + id + "', which it does not have");
      ends_.emplace_back(ids[edge.from], ids[edge.to]);
    }
  }

  void assign_layers() {
    layers_.assign(graph_.nodes.size(), 0);
    // A longest path has fewer edges than there are nodes; where layers still grow after that, a cycle drives them.
    bool has_changed = true;
    for (size_t round = 0; has_changed; ++round) {
      if (round > graph_.nodes.size()) reject("its edges form a cycle");
      has_changed = false;
      for (const auto& [from, to] : ends_)
        if (layers_[to] <= layers_[from]) {
          layers_[to] = layers_[from] + 1;
          has_changed = true;
        }
    }
    const int last = layers_.empty() ? 0 : *std::max_element(layers_.begin(), layers_.end());
    std::vector<bool> has_successor(layers_.size(), false);
    for (const auto& [from, to] : ends_) has_successor[from] = true;
    for (size_t i = 0; i < layers_.size(); ++i)
      if (graph_.nodes[i].is_output && !has_successor[i]) layers_[i] = last;
  }

  size_t add_item(Item item, int column) {
    if (columns_.size() <= static_cast<size_t>(column)) columns_.resize(column + 1);
    columns_[column].push_back(items_.size());
    items_.push_back(std::move(item));
    return items_.size() - 1;
  }

  void make_items() {
    std::vector<std::pair<int, int>> degrees(graph_.nodes.size());
    for (const auto& [from, to] : ends_) ++degrees[from].second, ++degrees[to].first;
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      Item item;
      item.node = static_cast<int>(i);
      item.width = std::max(44.0, text_width(graph_.nodes[i].label, kNodeFontSize) + 20);
      item.height = std::max(kNodeHeight, kPortDistance * (std::max(degrees[i].first, degrees[i].second) + 1));
      add_item(item, 2 * layers_[i]);
    }
    for (size_t e = 0; e < ends_.size(); ++e) {
      const auto [from, to] = ends_[e];
      std::vector<size_t> way{from};  // nodes are the first items, in their order
      for (int column = 2 * layers_[from] + 1; column < 2 * layers_[to]; ++column) {
        Item item;
        item.edge = static_cast<int>(e);
        item.is_label = column == 2 * layers_[to] - 1 && !graph_.edges[e].label.empty();
        if (item.is_label) {
          item.width = text_width(graph_.edges[e].label, kLabelFontSize) + 18;
          item.height = kLabelHeight;
        }
        way.push_back(add_item(item, column));
      }
      way.push_back(to);
      for (size_t k = 0; k + 1 < way.size(); ++k) {
        items_[way[k]].after.push_back(way[k + 1]);
        items_[way[k + 1]].before.push_back(way[k]);
      }
      ways_.push_back(std::move(way));
    }
  }

  std::vector<size_t> positions() const {
    std::vector<size_t> positions(items_.size());
    for (const auto& column : columns_)
      for (size_t k = 0; k < column.size(); ++k) positions[column[k]] = k;
    return positions;
  }

  size_t crossings() const {
    const std::vector<size_t> position = positions();
    size_t count = 0;
    for (const auto& column : columns_) {
      std::vector<std::pair<size_t, size_t>> links;
      for (const size_t i : column)
        for (const size_t j : items_[i].after) links.emplace_back(position[i], position[j]);
      for (size_t a = 0; a < links.size(); ++a)
        for (size_t b = a + 1; b < links.size(); ++b)
          count += (links[a].first < links[b].first && links[a].second > links[b].second) ||
                   (links[a].first > links[b].first && links[a].second < links[b].second);
    }
    return count;
  }

  void sort_columns(bool is_forward) {
    for (size_t k = 0; k < columns_.size(); ++k) {
      const std::vector<size_t> position = positions();
      auto& column = columns_[is_forward ? k : columns_.size() - 1 - k];
      std::map<size_t, double> keys;
      for (const size_t i : column) {
        const std::vector<size_t>& neighbours = is_forward ? items_[i].before : items_[i].after;
        double sum = 0;
        for (const size_t j : neighbours) sum += static_cast<double>(position[j]);
        keys[i] = neighbours.empty() ? static_cast<double>(position[i]) : sum / static_cast<double>(neighbours.size());
      }
      std::stable_sort(column.begin(), column.end(), [&](size_t a, size_t b) { return keys[a] < keys[b]; });
    }
  }

  void place_column(const std::vector<size_t>& column) {
    struct Pool {
      double sum = 0, weight = 0;
      size_t count = 0;
      double mean() const { return sum / weight; }
    };
    std::vector<Pool> pools;
    std::vector<double> offsets;  // of each item below the column's first
    double offset = 0;
    for (size_t k = 0; k < column.size(); ++k) {
      const Item& item = items_[column[k]];
      if (k > 0) offset += (items_[column[k - 1]].height + item.height) / 2 + kVerticalGap;
      offsets.push_back(offset);
      double sum = 0, weight = 0;
      for (const std::vector<size_t>* side : {&item.before, &item.after})
        for (const size_t j : *side) {
          const double pull = items_[j].edge >= 0 && item.edge >= 0 ? 12 : 1;  // ways are straight rather than short
          sum += pull * items_[j].y;
          weight += pull;
        }
      if (weight == 0) sum = item.y, weight = 1;
      pools.push_back({sum - weight * offset, weight, 1});
      while (pools.size() > 1 && pools[pools.size() - 2].mean() > pools.back().mean()) {
        const Pool last = pools.back();
        pools.pop_back();
        pools.back().sum += last.sum;
        pools.back().weight += last.weight;
        pools.back().count += last.count;
      }
    }
    size_t k = 0;
    for (const Pool& pool : pools)
      for (size_t n = 0; n < pool.count; ++n, ++k) items_[column[k]].y = pool.mean() + offsets[k];
  }

  const ArchitectureGraph& graph_;
  std::vector<std::pair<size_t, size_t>> ends_;
  std::vector<int> layers_;
  std::vector<Item> items_;
  std::vector<std::vector<size_t>> columns_;
  std::vector<std::vector<size_t>> ways_;
};

// Puts boxes and paths where a layering says.
class Placement {
 public:
  Placement(const ArchitectureGraph& graph, Layering& layering) : layering_(layering) {
    layout_.nodes.resize(graph.nodes.size());
    layout_.edges.resize(graph.edges.size());
  }

  GraphLayout take() { return std::move(layout_); }

  void place() {
    place_columns();
    place_boxes();
    for (size_t e = 0; e < layout_.edges.size(); ++e) layout_.edges[e].path = route(e);
  }

 private:
  double column_width(size_t column) const {
    double width = 0;
    for (const size_t i : layering_.columns()[column]) width = std::max(width, layering_.items()[i].width);
    return width;
  }

  // Steeper edges get more room.
  double gap_after(size_t column) const {
    double rise = 0;
    for (const size_t i : layering_.columns()[column])
      for (const size_t j : layering_.items()[i].after)
        rise = std::max(rise, std::abs(layering_.items()[i].y - layering_.items()[j].y));
    return kColumnGap + std::min(60.0, 0.22 * rise);
  }

  void place_columns() {
    const size_t count = layering_.columns().size();
    double x = kMargin, row_top = 0, row_bottom = 0;
    for (size_t column = 0; column < count; ++column) {
      // A row ends with a node: the label and the node after it go together.
      const bool may_break = layering_.is_chain() && column % 2 == 1;
      if (may_break && x + column_width(column) + kColumnGap + column_width(column + 1) > kLongestRow) {
        x = kMargin + 2 * kTurn + kColumnGap / 2;
        row_top = row_bottom + kRowGap;
      }
      const double width = column_width(column);
      left_.push_back(x);
      right_.push_back(x + width);
      row_.push_back(row_top);
      x += width + gap_after(column);
      layout_.width = std::max(layout_.width, right_.back() + kMargin);
      for (const size_t i : layering_.columns()[column])
        row_bottom = std::max(row_bottom, row_top + layering_.items()[i].height);
    }
    if (row_top > 0) layout_.width += 2 * kTurn;
  }

  void place_boxes() {
    double top = 0, bottom = 0;
    bool is_first = true;
    for (const Item& item : layering_.items()) {
      top = is_first ? item.y - item.height / 2 : std::min(top, item.y - item.height / 2);
      is_first = false;
    }
    boxes_.resize(layering_.items().size());
    columns_.resize(layering_.items().size());
    for (size_t column = 0; column < layering_.columns().size(); ++column)
      for (const size_t i : layering_.columns()[column]) {
        const Item& item = layering_.items()[i];
        boxes_[i] = {
            {(left_[column] + right_[column]) / 2, item.y - top + row_[column] + kMargin}, item.width, item.height};
        columns_[i] = column;
        bottom = std::max(bottom, boxes_[i].bottom());
        if (item.node >= 0) layout_.nodes[item.node] = boxes_[i];
        if (item.is_label) layout_.edges[item.edge].label = boxes_[i];
      }
    layout_.height = bottom + kMargin;
  }

  // Where edge `e` leaves node `i` to the right or reaches it from the left: ports follow the neighbours' heights.
  double port(size_t e, size_t i, bool is_leaving) const {
    std::vector<std::pair<double, size_t>> ways;
    for (size_t other = 0; other < layout_.edges.size(); ++other) {
      const std::vector<size_t>& way = layering_.way(other);
      if ((is_leaving ? way.front() : way.back()) == i)
        ways.emplace_back(boxes_[is_leaving ? way[1] : way[way.size() - 2]].centre.y, other);
    }
    std::sort(ways.begin(), ways.end());
    const auto found = std::find_if(ways.begin(), ways.end(), [&](const auto& way) { return way.second == e; });
    const double rank = static_cast<double>(found - ways.begin()) - (static_cast<double>(ways.size()) - 1) / 2;
    return boxes_[i].centre.y + rank * kPortDistance;
  }

  std::string route(size_t e) {
    const std::vector<size_t>& way = layering_.way(e);
    Point at{boxes_[way.front()].right(), port(e, way.front(), true)};
    std::string path = fmt::format("M{:.1f} {:.1f}", at.x, at.y);
    for (size_t k = 1; k < way.size(); ++k) {
      const bool is_target = k + 1 == way.size();
      const size_t column = columns_[way[k]];
      Point to{left_[column], boxes_[way[k]].centre.y};
      if (is_target) {
        to = {boxes_[way[k]].left(), port(e, way[k], false)};
        layout_.edges[e].tip = to;
        to.x -= kArrowLength - 1;
      }
      path += row_[columns_[way[k - 1]]] == row_[column] ? curve(at, to) : turn(at, to);
      if (!is_target) path += fmt::format(" H{:.1f}", right_[column]);
      at = {right_[column], to.y};
    }
    return path;
  }

  static std::string curve(Point from, Point to) {
    if (std::abs(from.y - to.y) < 0.05) return fmt::format(" H{:.1f}", to.x);
    const double middle = (from.x + to.x) / 2;
    return fmt::format(" C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", middle, from.y, middle, to.y, to.x, to.y);
  }

  // From the end of a row back to the start of the next, with round corners.
  std::string turn(Point from, Point to) const {
    const double right = layout_.width - kMargin, left = kMargin, between = (from.y + to.y) / 2;
    return fmt::format(
        " H{1:.1f} q{0} 0 {0} {0} V{2:.1f} q0 {0} -{0} {0} H{3:.1f} q-{0} 0 -{0} {0} V{4:.1f} q0 {0} {0} {0} H{5:.1f}",
        kTurn, right - kTurn, between - kTurn, left + kTurn, to.y - kTurn, to.x);
  }

  Layering& layering_;
  GraphLayout layout_;
  std::vector<double> left_, right_, row_;  // of columns
  std::vector<Box> boxes_;                  // of items
  std::vector<size_t> columns_;             // of items
};

}  // namespace

double text_width(std::string_view text, double font_size) {
  double ems = 0;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if ((byte & 0xc0) == 0x80) continue;  // goes on with a code point
    if (byte >= 0x80 || std::string_view("mwMW@%&").find(character) != std::string_view::npos)
      ems += 1.0;
    else if (character >= 'A' && character <= 'Z')
      ems += 0.72;
    else
      ems += std::string_view("ijl.,:;|'!()[] tfr").find(character) != std::string_view::npos ? 0.42 : 0.64;
  }
  return ems * font_size;
}

GraphLayout lay_out(const ArchitectureGraph& graph) {
  Layering layering(graph);
  layering.order_columns();
  layering.place_rows();
  Placement placement(graph, layering);
  placement.place();
  return placement.take();
}

}  // namespace dha
