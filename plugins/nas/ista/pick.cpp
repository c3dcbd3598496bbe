#include "pick.hpp"

#include <cmath>

#include "dha/nas/derive.hpp"

namespace dha::ista {

std::vector<int64_t> pick(const Choice& choice, std::span<const double> coefficients, PickRule rule) {
  if (rule == PickRule::kSigned) return nas::keep_strongest(choice, coefficients);
  std::vector<double> magnitudes;
  for (const double value : coefficients) magnitudes.push_back(std::fabs(value));
  return nas::keep_strongest(choice, magnitudes, nas::Preference::kStrongest);
}

}  // namespace dha::ista
