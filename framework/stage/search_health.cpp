#include "stage/search_health.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace dha {

namespace {

bool is_skip(std::string_view operation) {
  constexpr std::array<std::string_view, 4> kSkips{"skip_connect", "identity", "none", "zero"};
  return std::find(kSkips.begin(), kSkips.end(), operation) != kSkips.end();
}

std::string cell_of(const std::string& choice) {
  const size_t dot = choice.rfind('.');
  return dot == std::string::npos ? "" : choice.substr(0, dot);
}

}  // namespace

std::vector<SkipCount> count_skips(const std::vector<Choice>& choices, const std::vector<std::vector<int64_t>>& kept) {
  std::vector<SkipCount> counts;
  for (size_t i = 0; i < choices.size(); ++i) {
    const std::string cell = cell_of(choices[i].name);
    auto count = std::find_if(counts.begin(), counts.end(), [&](const SkipCount& known) { return known.cell == cell; });
    if (count == counts.end()) count = counts.insert(counts.end(), SkipCount{cell});
    for (const int64_t position : kept[i]) {
      ++count->kept;
      count->skips += is_skip(choices[i].candidates[static_cast<size_t>(position)].operation);
    }
  }
  return counts;
}

}  // namespace dha
