// What a run's policy.json says of a distribution over ordered pairs of operations.
#pragma once

#include <string>

namespace dha::pairs {

// `probability`: 196 values, row-major, first operation by row. A JSON object: the operations' names, the entropy
// (nats) beside that of the uniform distribution, the 14 x 14 matrix and the ten most likely pairs.
std::string policy_json(const double* probability);

}  // namespace dha::pairs
