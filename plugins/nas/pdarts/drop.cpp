#include "drop.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "dha/error.hpp"

namespace dha::pdarts {

namespace {

// The open candidates of each input of a choice.
std::map<int64_t, std::vector<int64_t>> edges_of(const Choice& choice, const std::vector<int64_t>& open) {
  std::map<int64_t, std::vector<int64_t>> edges;
  for (const int64_t position : open) edges[choice.candidates[static_cast<size_t>(position)].input].push_back(position);
  return edges;
}

void check_numbers(const Choice& choice, const std::vector<int64_t>& open, const std::vector<double>& strengths) {
  for (const int64_t position : open)
    if (std::isnan(strengths[static_cast<size_t>(position)]))
      throw Error(ErrorCode::kDiverged,
                  "the strength of '" + choice.candidates[static_cast<size_t>(position)].operation + "' in choice '" +
                      choice.name + "' is not a number; lower the learning rate of the architecture variables");
}

bool is_none(const Choice& choice, int64_t position) {
  return choice.candidates[static_cast<size_t>(position)].operation == "none";
}

}  // namespace

void check_drop(const std::vector<Choice>& choices, const OpenCandidates& open, int64_t count) {
  for (size_t i = 0; i < choices.size(); ++i)
    for (const auto& [input, positions] : edges_of(choices[i], open[i]))
      if (static_cast<int64_t>(positions.size()) <= count)
        throw Error(ErrorCode::kInvalidConfig, "'drop' is " + std::to_string(count) + ", but choice '" +
                                                   choices[i].name + "' has only " + std::to_string(positions.size()) +
                                                   " operations from input " + std::to_string(input) +
                                                   "; drop fewer, so that at least one is left");
}

OpenCandidates drop_weakest(const std::vector<Choice>& choices, const OpenCandidates& open,
                            const nas::Strengths& strengths, int64_t count) {
  check_drop(choices, open, count);
  OpenCandidates kept(choices.size());
  for (size_t i = 0; i < choices.size(); ++i) {
    check_numbers(choices[i], open[i], strengths[i]);
    for (auto& [input, positions] : edges_of(choices[i], open[i])) {
      std::stable_sort(positions.begin(), positions.end(), [&](int64_t a, int64_t b) {
        return strengths[i][static_cast<size_t>(a)] < strengths[i][static_cast<size_t>(b)];
      });
      const std::vector<int64_t> left(positions.begin() + count, positions.end());
      const bool is_zero = left.size() == 1 && count > 0 && is_none(choices[i], left[0]);
      if (is_zero)
        kept[i].push_back(positions[static_cast<size_t>(count) - 1]);
      else
        kept[i].insert(kept[i].end(), left.begin(), left.end());
    }
    std::sort(kept[i].begin(), kept[i].end());
  }
  return kept;
}

}  // namespace dha::pdarts
