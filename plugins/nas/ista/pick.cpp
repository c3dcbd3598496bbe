#include "pick.hpp"

#include <cmath>

namespace dha::ista {

std::vector<double> strengths(const Choice& choice, std::span<const double> coefficients, PickRule rule,
                              nas::NoneRule none) {
  nas::Strengths found{{coefficients.begin(), coefficients.end()}};
  if (rule == PickRule::kMagnitude)
    for (double& coefficient : found[0]) coefficient = std::fabs(coefficient);
  nas::exclude_none({choice}, none, found);
  return found[0];
}

std::vector<int64_t> pick(const Choice& choice, std::span<const double> strengths, PickRule rule) {
  return nas::keep_strongest(
      choice, strengths, rule == PickRule::kSigned ? nas::Preference::kDistinctInputs : nas::Preference::kStrongest);
}

}  // namespace dha::ista
