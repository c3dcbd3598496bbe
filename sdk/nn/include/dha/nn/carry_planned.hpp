// Carries the weights of a PlannedNetwork into a lean one of the same space, for Space::carry_weights().
#pragma once

#include <cstdint>

#include "dha/architecture.hpp"
#include "dha/space.hpp"

namespace dha::nn {

// `from` and `to` are PlannedNetworks. From a supernet under decided `gates`, whose weights become factors of the
// operations, or, with empty gates, from a lean network. Returns how many parameters of `to` were set; batch norms
// whose source has no affine weights become ones with 1 and 0, which counts too.
//
// With kExact both compute the same function afterwards; throws Error{kInvalidConfig} where the two do not match. With
// kShared `to` takes what it shares by name and shape, and an operation that the gates do not name keeps its factor.
int64_t carry_planned(const Network& from, const Gates& gates, Network& to, CarryMode mode);

}  // namespace dha::nn
