// The arithmetic of searches for several objectives: domination, fronts, crowding distances, survival and hypervolume.
//
// Objectives are finite and minimised. Domination and survival are those of NSGA-II (Deb, Pratap, Agarwal and
// Meyarivan: A Fast and Elitist Multiobjective Genetic Algorithm, 2002).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dha::nas {

using Objectives = std::vector<double>;

struct Scored {
  Objectives objectives;  // as many for all points that are compared; not read where the violation is not 0
  double violation = 0;   // >= 0, of all constraints together; 0: feasible
};

// Constrained domination (definition 1): of a feasible and an infeasible point, the feasible one dominates; of two
// infeasible ones, that with the smaller violation; of two feasible ones, one that is nowhere worse and somewhere
// better.
bool dominates(const Scored& one, const Scored& other);

// The front of each point (section III.A): 0 for points that no other dominates, 1 for those that only points of front
// 0 dominate, and so on.
std::vector<int64_t> ranks(const std::vector<Scored>& points);

// How far the neighbours of each point of a front are apart (section III.B): the sum over objectives of the difference
// between the next and the previous value, divided by the range of the front. Infinite for the first and last of an
// objective, and for all points of a front of two; objectives with a single value do not count.
std::vector<double> crowding_distances(const std::vector<Objectives>& front);

// A population in NSGA-II's order of preference.
struct Survivors {
  std::vector<size_t> positions;  // of the given points
  std::vector<double> crowding;   // distance of each within its whole front
};

// At most `count` of the points: the lowest fronts first, and of the last front those with the greatest crowding
// distance, the first given of equal ones. Infeasible points have a distance of 0.
Survivors survivors(const std::vector<Scored>& points, size_t count);

// The volume that the points dominate and that dominates `reference`; points that are not better than the reference in
// every objective do not count. Exact, by slicing: the time grows as n^(objectives - 1).
double hypervolume(const std::vector<Objectives>& points, const Objectives& reference);

}  // namespace dha::nas
