// The update of MANAS-LS: a linear model of the loss, and policies by the rank of its coefficients.
#pragma once

#include "edges.hpp"

namespace dha::manas {

// Fits loss ~ c + sum over edges of beta[edge][action] by least squares, the one-hot actions of an architecture being
// its features, and returns beta. Features and losses are centred first, and of all solutions the one of smallest norm
// is taken: the constant c stays out of beta, and an action that was never taken gets 0, the average.
// actions: one list per loss, at least one; `shape`: edges and actions. Throws Error{kDiverged} if a loss is not
// finite.
ActionValues fit(const std::vector<Actions>& actions, const std::vector<double>& losses, const ActionValues& shape);

// The action with the r-th smallest coefficient (r = 1, 2, ...) has the probability 1 / (r H), H the sum of 1 / r; ties
// go to the lower position.
std::vector<double> zipf_policy(const std::vector<double>& coefficients);

}  // namespace dha::manas
