// Independent bandits with exponential weights: the update of MANAS.
//
// After a round with loss L, each agent adds L / pi[a] to the estimated loss B[a] of its action a, an estimate that is
// right on average; its policy is the softmax of -eta B (MANAS, ICLR 2020 submission; Exp3, Auer et al., 2002).
#pragma once

#include <cstdint>

#include "edges.hpp"

namespace dha::manas {

// eta that minimises the bound sqrt(2 K ln(K) / rounds) on the mean regret of an agent with K actions whose losses are
// in [0, 1] (Bubeck and Cesa-Bianchi, 2012, theorem 3.1). actions >= 1, rounds >= 1; 0 for one action.
double exploring_rate(int64_t actions, int64_t rounds);

// Adds the loss of a round to `estimates`, given the policies that the actions were drawn from.
void add_loss(ActionValues& estimates, const ActionValues& policy, const Actions& actions, double loss);

// Softmax of -eta (B - min B). eta >= 0 is lowered where its product with the largest difference would exceed `limit`:
// no action becomes less probable than e^-limit times the most probable one.
std::vector<double> exponential_policy(const std::vector<double>& estimates, double eta, double limit);

}  // namespace dha::manas
