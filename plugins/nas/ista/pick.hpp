// Chooses the candidates that a choice keeps from its recovered coefficients.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dha/architecture.hpp"
#include "dha/nas/derive.hpp"

namespace dha::ista {

enum class PickRule {
  kSigned,     // DHA: the largest signed coefficient of each input, then the best inputs
  kMagnitude,  // ISTA-NAS: the largest absolute coefficients, whichever input they read
};

// The numbers that rank the candidates of a choice: their coefficients, under kMagnitude without sign, and -infinity
// for the operation `none` if the rule `none` does not let it be kept. coefficients: one per candidate.
std::vector<double> strengths(const Choice& choice, std::span<const double> coefficients, PickRule rule,
                              nas::NoneRule none);

// `choice.keep` positions, ascending, for these strengths(). Ties go to the lower position, and strengths of zero are
// eligible, so that the answer always has `keep` members. Under kSigned the members read different inputs if there are
// enough of them; under kMagnitude only if the choice demands it. Throws Error{kInvalidConfig} if the choice has too
// few candidates or inputs.
std::vector<int64_t> pick(const Choice& choice, std::span<const double> strengths, PickRule rule);

}  // namespace dha::ista
