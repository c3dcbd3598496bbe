#include "genotype.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "dha/nearest_name.hpp"

namespace dha::cell {

using Json = nlohmann::ordered_json;

namespace {

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::kInvalidParameter, "the architecture's " + where + " " + what);
}

std::string shown(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

const Json& member(const Json& object, const std::string& key, const std::string& where) {
  const auto found = object.find(key);
  if (found == object.end())
    throw Error(ErrorCode::kInvalidParameter, "the architecture" + (where.empty() ? "" : "'s " + where) +
                                                  " lacks the key '" + key +
                                                  "'; add it, as in {\"normal\": [[\"sep_conv_3x3\", 1], …], "
                                                  "\"normal_concat\": [2, 3, 4, 5], \"reduce\": …, "
                                                  "\"reduce_concat\": …}");
  return *found;
}

void refuse_unknown_keys(const Json& object, const std::vector<std::string>& known, const std::string& where) {
  for (const auto& [key, ignored] : object.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string near = nearest(key, known);
    throw Error(ErrorCode::kInvalidParameter, "the architecture" + (where.empty() ? "" : "'s " + where) +
                                                  " has the key '" + key + "', which is unknown" +
                                                  (near.empty() ? "; remove it" : "; did you mean '" + near + "'?"));
  }
}

Edge parse_edge(const Json& json, int64_t node, const std::string& where) {
  if (!json.is_array() || json.size() != 2 || !json[0].is_string() || !json[1].is_number_integer())
    fail(where, "must be a pair [operation, input] such as [\"sep_conv_3x3\", 1], found " + shown(json));
  const std::string text = json[0].get<std::string>();
  const auto operation = find_operation(text);
  if (!operation) fail(where, "names the operation '" + text + "', which is unknown" + suggestion(text));
  const auto input = json[1].get<int64_t>();
  if (input < 0 || input > node + 1)
    fail(where, "reads input " + std::to_string(input) + ", but node " + std::to_string(node) +
                    " can read inputs 0 to " + std::to_string(node + 1) + " only");
  return {*operation, input};
}

std::vector<Edge> parse_edges(const Json& json, const std::string& where) {
  if (!json.is_array()) fail(where, "must be a list of [operation, input] pairs, found " + shown(json));
  if (json.empty()) fail(where, "is empty; a cell needs at least one node, that is two [operation, input] pairs");
  if (json.size() % kEdgesPerNode != 0)
    fail(where, "has " + std::to_string(json.size()) + " entries, an odd number; every node needs two");
  std::vector<Edge> edges;
  for (size_t i = 0; i < json.size(); ++i)
    edges.push_back(
        parse_edge(json[i], static_cast<int64_t>(i) / kEdgesPerNode, where + "[" + std::to_string(i) + "]"));
  return edges;
}

std::vector<int64_t> parse_concat(const Json& json, int64_t nodes, const std::string& where) {
  if (!json.is_array() || json.empty())
    fail(where, "must be a list of states such as [2, 3, 4, 5], found " + shown(json));
  std::vector<int64_t> concat;
  for (const Json& item : json) {
    if (!item.is_number_integer()) fail(where, "must contain integers, found " + shown(item));
    const auto state = item.get<int64_t>();
    if (state < 2 || state > nodes + 1)
      fail(where, "names state " + std::to_string(state) + ", but the cell's nodes are states 2 to " +
                      std::to_string(nodes + 1));
    if (std::find(concat.begin(), concat.end(), state) != concat.end())
      fail(where, "names state " + std::to_string(state) + " twice");
    concat.push_back(state);
  }
  return concat;
}

CellGenotype parse_cell(const Json& object, const std::string& edges_key, const std::string& concat_key,
                        const std::string& where) {
  const std::string prefix = where.empty() ? "" : where + ".";
  CellGenotype cell;
  cell.edges = parse_edges(member(object, edges_key, where), prefix + edges_key);
  cell.concat = parse_concat(member(object, concat_key, where), cell.nodes(), prefix + concat_key);
  return cell;
}

Genotype parse_separate_cells(const Json& json) {
  refuse_unknown_keys(json, {"cells"}, "");
  const Json& list = json["cells"];
  if (!list.is_array() || list.empty()) fail("cells", "must be a list of cells, found " + shown(list));
  Genotype genotype;
  genotype.shared = false;
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string where = "cells[" + std::to_string(i) + "]";
    if (!list[i].is_object()) fail(where, "must be an object with 'nodes' and 'concat', found " + shown(list[i]));
    refuse_unknown_keys(list[i], {"nodes", "concat"}, where);
    genotype.cells.push_back(parse_cell(list[i], "nodes", "concat", where));
  }
  return genotype;
}

Json print_edges(const CellGenotype& cell) {
  Json json = Json::array();
  for (const Edge& edge : cell.edges) json.push_back(Json::array({name(edge.operation), edge.input}));
  return json;
}

}  // namespace

std::vector<int64_t> loose_ends(int64_t nodes, const std::vector<int64_t>& inputs) {
  std::vector<int64_t> states;
  for (int64_t state = 2; state < nodes + 2; ++state)
    if (std::find(inputs.begin(), inputs.end(), state) == inputs.end()) states.push_back(state);
  return states;
}

Genotype parse_genotype(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded())
    throw Error(ErrorCode::kInvalidParameter, "the architecture is not JSON text, found " + shown(Json(text)));
  if (!json.is_object())
    throw Error(ErrorCode::kInvalidParameter, "the architecture must be a JSON object, found " + shown(json));
  if (json.contains("cells")) return parse_separate_cells(json);
  refuse_unknown_keys(json, {"normal", "normal_concat", "reduce", "reduce_concat"}, "");
  Genotype genotype;
  genotype.cells.push_back(parse_cell(json, "normal", "normal_concat", ""));
  genotype.cells.push_back(parse_cell(json, "reduce", "reduce_concat", ""));
  return genotype;
}

std::string print_genotype(const Genotype& genotype) {
  Json json = Json::object();
  if (genotype.shared) {
    json["normal"] = print_edges(genotype.cells[0]);
    json["normal_concat"] = genotype.cells[0].concat;
    json["reduce"] = print_edges(genotype.cells[1]);
    json["reduce_concat"] = genotype.cells[1].concat;
  } else {
    for (const CellGenotype& cell : genotype.cells)
      json["cells"].push_back(Json{{"nodes", print_edges(cell)}, {"concat", cell.concat}});
  }
  return json.dump();
}

}  // namespace dha::cell
