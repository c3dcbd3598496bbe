// Derives a decided architecture from the strength of every candidate, edge by edge as DARTS does, with limits on skip
// connections as in P-DARTS.
//
// Strengths are numbers, larger is better, usually softmax weights: one list per choice, one number per candidate.
// -infinity means that a candidate cannot be kept.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dha/architecture.hpp"

namespace dha::nas {

using Strengths = std::vector<std::vector<double>>;

// How a choice ranks its candidates.
enum class Preference {
  kDistinctInputs,  // the best candidate of each input, then the best inputs; an input is used twice only if there are
                    // too few inputs and the choice allows it
  kStrongest,       // the strongest candidates, of distinct inputs only if the choice requires it
};

// Returns `choice.keep` positions, ascending. Ties go to the lower position. Throws Error{kInvalidConfig} if too few
// candidates or inputs can be kept, Error{kDiverged} if a strength is not a number. [any thread]
std::vector<int64_t> keep_strongest(const Choice& choice, std::span<const double> strengths,
                                    Preference preference = Preference::kDistinctInputs);

// Where a decided architecture may keep the operation `none`, whose output is zeros.
enum class NoneRule {
  kNever,
  kSingleInput,  // in a choice that reads one input, where `none` is one of the paths that the space offers (an edge of
                 // NAS-Bench-201); a node of a cell needs operations from its inputs
  kAlways,
};

// "never", "single_input" or "always", the values of a parameter.
NoneRule none_rule(std::string_view name);

// Sets the strengths of `none` to -infinity in the choices where `rule` does not let it be kept.
void exclude_none(const std::vector<Choice>& choices, NoneRule rule, Strengths& strengths);

// Limits an operation to `maximum` candidates in one cell. P-DARTS: 2 skip connections in the normal cell.
struct OperationLimit {
  std::string operation = "skip_connect";
  int64_t maximum = 2;
  std::string cell;  // applies to the choices named "<cell>.…"; empty: to all choices together
};

// Whether the kept candidates have no more of the operation than `limit` allows. [any thread]
bool is_within(const OperationLimit& limit, const std::vector<Choice>& choices, const Decisions& decisions);

// Takes, in each choice and for each input, the strongest operation that is not `excluded`, then the `keep` inputs with
// the strongest operations (DARTS, section 2.4). While a limit is exceeded, removes the weakest kept candidate of its
// operation and derives its choice again (P-DARTS, section 3.3). Throws like keep_strongest(), and
// Error{kInvalidConfig} if a limit cannot be met. [any thread]
Decisions derive_by_edge(const std::vector<Choice>& choices, Strengths strengths,
                         const std::vector<std::string>& excluded = {"none"},
                         const std::vector<OperationLimit>& limits = {});

}  // namespace dha::nas
