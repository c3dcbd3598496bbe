#include "pick.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>

#include "dha/error.hpp"

namespace dha::ista {

std::vector<int64_t> pick(const Choice& choice, std::span<const double> coefficients, PickRule rule) {
  const auto score = [&](int64_t candidate) {
    const double value = coefficients[static_cast<size_t>(candidate)];
    return rule == PickRule::kSigned ? value : std::fabs(value);
  };
  std::vector<int64_t> ranking(choice.candidates.size());
  std::iota(ranking.begin(), ranking.end(), int64_t{0});
  std::stable_sort(ranking.begin(), ranking.end(), [&](int64_t a, int64_t b) { return score(a) > score(b); });

  const auto keep = static_cast<size_t>(choice.keep);
  std::vector<int64_t> kept, passed_over;
  std::set<int64_t> inputs;
  const bool prefers_distinct = choice.distinct_inputs || rule == PickRule::kSigned;
  for (const int64_t candidate : ranking) {
    if (kept.size() == keep) break;
    const bool is_new = inputs.insert(choice.candidates[static_cast<size_t>(candidate)].input).second;
    (is_new || !prefers_distinct ? kept : passed_over).push_back(candidate);
  }
  for (size_t i = 0; !choice.distinct_inputs && kept.size() < keep && i < passed_over.size(); ++i)
    kept.push_back(passed_over[i]);
  if (kept.size() < keep)
    throw Error(ErrorCode::kInvalidConfig, "choice '" + choice.name + "' shall keep " + std::to_string(keep) +
                                               " candidates but offers only " + std::to_string(kept.size()) +
                                               (choice.distinct_inputs ? " distinct inputs" : "") +
                                               "; give the space more inputs or operations");
  std::sort(kept.begin(), kept.end());
  return kept;
}

}  // namespace dha::ista
