#include "component/check_gates.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <set>

#include "dha/error.hpp"

namespace dha {

namespace {

// Ascending, without repeats.
bool are_candidates(const std::vector<int64_t>& positions, const Choice& choice) {
  return std::adjacent_find(positions.begin(), positions.end(), std::greater_equal<>()) == positions.end() &&
         (positions.empty() ||
          (positions.front() >= 0 && positions.back() < static_cast<int64_t>(choice.candidates.size())));
}

// What is wrong with the gates of a choice that is decided for good; empty where nothing is.
std::string frozen_fault(const ChoiceGates& gates, const Choice& choice) {
  const auto count = static_cast<int64_t>(gates.active.size());
  if (count != choice.keep)
    return fmt::format("{} active candidates although they are frozen; expected the {} that the choice keeps", count,
                       choice.keep);
  std::set<int64_t> inputs;
  for (const int64_t candidate : gates.active) inputs.insert(choice.candidates[static_cast<size_t>(candidate)].input);
  if (choice.distinct_inputs && inputs.size() < gates.active.size())
    return fmt::format("the frozen candidates [{}], two of which read the same input; expected different inputs",
                       fmt::join(gates.active, ", "));
  return "";
}

// What is wrong with the gates of one choice; empty where nothing is.
std::string fault(const ChoiceGates& gates, const Choice& choice, at::Device device, bool finished) {
  if (!are_candidates(gates.active, choice))
    return fmt::format("the active candidates [{}]; expected ascending ones below {}", fmt::join(gates.active, ", "),
                       choice.candidates.size());
  std::vector<int64_t> all = gates.observed;
  all.insert(all.end(), gates.active.begin(), gates.active.end());
  std::sort(all.begin(), all.end());
  if (!are_candidates(all, choice))
    return fmt::format("the observed candidates [{}] and the active ones [{}]; expected different ones below {}",
                       fmt::join(gates.observed, ", "), fmt::join(gates.active, ", "), choice.candidates.size());
  const at::Tensor& weights = gates.weights;
  const auto count = static_cast<int64_t>(gates.active.size());
  if (!weights.defined() || weights.dim() != 1 || weights.size(0) != count || !weights.is_floating_point())
    return fmt::format("no weight of floating type for each of {} active candidates", count);
  if (weights.device() != device)
    return fmt::format("weights on device {}; expected {}", weights.device().str(), device.str());
  if (gates.frozen) return frozen_fault(gates, choice);
  if (finished) return "gates that are not frozen although finished() is true";
  return "";
}

}  // namespace

void check_gates(const Gates& gates, const std::vector<Choice>& choices, at::Device device, const std::string& searcher,
                 bool finished) {
  if (gates.choices.size() != choices.size())
    throw Error(ErrorCode::kContractViolation, fmt::format("{}: gates() returned {} entries for {} choices", searcher,
                                                           gates.choices.size(), choices.size()));
  for (size_t i = 0; i < choices.size(); ++i)
    if (const std::string found = fault(gates.choices[i], choices[i], device, finished); !found.empty())
      throw Error(ErrorCode::kContractViolation,
                  fmt::format("{}: gates() gave choice '{}' {}", searcher, choices[i].name, found));
}

}  // namespace dha
