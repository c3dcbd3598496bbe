// Drops the weakest operations of every edge, which P-DARTS does between its stages (Chen et al., 2019, section 3.2).
#pragma once

#include <cstdint>
#include <vector>

#include "dha/architecture.hpp"
#include "dha/nas/derive.hpp"

namespace dha::pdarts {

// Ascending positions of candidates, one list per choice.
using OpenCandidates = std::vector<std::vector<int64_t>>;

// `open` without the `count` candidates of each edge that have the smallest strengths; of equal ones the first is
// dropped. An edge is not left with the operation `none` alone: it keeps its strongest other one. `strengths`: one per
// candidate. Throws Error{kInvalidConfig} if an edge has no more than `count` of them, Error{kDiverged} if a strength
// is not a number.
OpenCandidates drop_weakest(const std::vector<Choice>& choices, const OpenCandidates& open,
                            const nas::Strengths& strengths, int64_t count);

// Throws Error{kInvalidConfig} as drop_weakest() does.
void check_drop(const std::vector<Choice>& choices, const OpenCandidates& open, int64_t count);

}  // namespace dha::pdarts
