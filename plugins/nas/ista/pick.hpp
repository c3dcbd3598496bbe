// Chooses the candidates that a choice keeps from its recovered coefficients.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dha/architecture.hpp"

namespace dha::ista {

enum class PickRule {
  kSigned,     // DHA: the largest signed coefficient of each input, then the best inputs
  kMagnitude,  // ISTA-NAS: the largest absolute coefficients, whichever input they read
};

// `choice.keep` positions, ascending. coefficients: one per candidate. Ties go to the lower position, and coefficients
// of zero are eligible, so that the answer always has `keep` members. Under kSigned the members read different inputs
// where there are enough of them; under kMagnitude only where the choice demands it. Throws Error{kInvalidConfig} where
// the choice has too few candidates or inputs.
std::vector<int64_t> pick(const Choice& choice, std::span<const double> coefficients, PickRule rule);

}  // namespace dha::ista
