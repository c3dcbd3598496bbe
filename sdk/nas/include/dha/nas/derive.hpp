// Derives a decided architecture from the strength of every candidate, edge by edge as DARTS does, with limits on skip
// connections as in P-DARTS.
//
// Strengths are any numbers of which larger is better, usually softmax weights: one list per choice, one number per
// candidate. -infinity means that a candidate cannot be kept.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dha/architecture.hpp"

namespace dha::nas {

using Strengths = std::vector<std::vector<double>>;

// How one choice prefers its candidates.
enum class Preference {
  kDistinctInputs,  // the best candidate of each input, then the best inputs: an input serves twice only where there
                    // are too few and the choice allows it
  kStrongest,       // the strongest candidates, of distinct inputs only where the choice demands it
};

// `choice.keep` positions, ascending. Ties go to the lower position. Throws Error{kInvalidConfig} where too few
// candidates or inputs can be kept, Error{kDiverged} where a strength is not a number. [any thread]
std::vector<int64_t> keep_strongest(const Choice& choice, std::span<const double> strengths,
                                    Preference preference = Preference::kDistinctInputs);

// At most `maximum` candidates of an operation in one cell. P-DARTS: 2 skip connections in the normal cell.
struct OperationLimit {
  std::string operation = "skip_connect";
  int64_t maximum = 2;
  std::string cell;  // holds for the choices named "<cell>.…"; empty: for all choices together
};

// In each choice and for each input the strongest operation that is not `excluded`, then the `keep` inputs whose
// operation is strongest (DARTS, section 2.4). For each limit that is exceeded, the weakest kept candidate of its
// operation is taken out and its choice derived again, until the limit holds (P-DARTS, section 3.3). Throws as
// keep_strongest() does, and Error{kInvalidConfig} where a limit cannot be met. [any thread]
Decisions derive_by_edge(const std::vector<Choice>& choices, Strengths strengths,
                         const std::vector<std::string>& excluded = {"none"},
                         const std::vector<OperationLimit>& limits = {});

}  // namespace dha::nas
