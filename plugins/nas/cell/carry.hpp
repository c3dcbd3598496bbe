// Carries the weights of one network of the cell space into a lean one.
#pragma once

#include <cstdint>

#include "dha/architecture.hpp"
#include "network.hpp"

namespace dha::cell {

// From a supernet under decided `gates`, or, with empty gates, from a lean network. Returns how many parameters of `to`
// were set; batch norms whose source has no affine weights become ones with 1 and 0, which counts too.
//
// With kExact both compute the same function afterwards; throws Error{kInvalidConfig} where the two do not match. With
// kShared `to` takes what it shares by name and shape: an operation that the gates do not name keeps the gate that it
// has, 1 in a new network; empty gates name none.
int64_t carry(const CellNetwork& from, const Gates& gates, CellNetwork& to, CarryMode mode);

}  // namespace dha::cell
