// Carries the weights of one network of the cell space into another that computes the same function.
#pragma once

#include "dha/architecture.hpp"
#include "network.hpp"

namespace dha::cell {

// From a supernet under decided `gates`, or, with empty gates, from a lean network, into a lean one. Batch norms
// without affine weights become ones with 1 and 0. Throws Error{kContractViolation} where the two do not match.
void carry(const CellNetwork& from, const Gates& gates, CellNetwork& to);

}  // namespace dha::cell
