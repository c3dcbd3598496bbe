#include "edges.hpp"

#include <map>
#include <string>

#include "dha/error.hpp"

namespace dha::manas {

std::vector<Edge> edges_of(const std::vector<Choice>& choices) {
  std::vector<Edge> edges;
  for (size_t i = 0; i < choices.size(); ++i) {
    const Choice& choice = choices[i];
    std::map<int64_t, std::vector<int64_t>> of_input;
    for (size_t k = 0; k < choice.candidates.size(); ++k)
      of_input[choice.candidates[k].input].push_back(static_cast<int64_t>(k));
    if (static_cast<int64_t>(of_input.size()) < choice.keep)
      throw Error(ErrorCode::kInvalidConfig,
                  "choice '" + choice.name + "' keeps " + std::to_string(choice.keep) + " candidates of " +
                      std::to_string(of_input.size()) +
                      " inputs, but dha.manas decides one operation per input; use a space that keeps fewer, or "
                      "another searcher");
    for (auto& [input, candidates] : of_input) edges.push_back({i, input, std::move(candidates)});
  }
  return edges;
}

ActionValues zeros(const std::vector<Edge>& edges) {
  ActionValues values;
  for (const Edge& edge : edges) values.emplace_back(edge.candidates.size());
  return values;
}

std::vector<double> flattened(const ActionValues& values) {
  std::vector<double> flat;
  for (const std::vector<double>& of_edge : values) flat.insert(flat.end(), of_edge.begin(), of_edge.end());
  return flat;
}

ActionValues unflattened(const std::vector<double>& flat, const ActionValues& shape) {
  ActionValues values = shape;
  size_t next = 0;
  for (std::vector<double>& of_edge : values)
    for (double& value : of_edge) value = flat.at(next++);
  return values;
}

}  // namespace dha::manas
