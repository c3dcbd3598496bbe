#include "dha/nas/pareto.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace dha::nas {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Positions 0 … count - 1 in ascending order of `key`, equal ones in their order.
template <class Key>
std::vector<size_t> sorted_positions(size_t count, const Key& key) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return key(a) < key(b); });
  return order;
}

void add_distances(const std::vector<Objectives>& front, size_t objective, std::vector<double>& distances) {
  const auto value = [&](size_t position) { return front[position][objective]; };
  const std::vector<size_t> order = sorted_positions(front.size(), value);
  const double range = value(order.back()) - value(order.front());
  if (range == 0) return;
  distances[order.front()] = distances[order.back()] = kInfinity;
  for (size_t i = 1; i + 1 < order.size(); ++i)
    distances[order[i]] += (value(order[i + 1]) - value(order[i - 1])) / range;
}

// Of points that are better than the reference in every objective, in the first `objectives` of them.
double volume(std::vector<Objectives> points, const Objectives& reference, size_t objectives) {
  if (points.empty()) return 0;
  const size_t last = objectives - 1;
  std::sort(points.begin(), points.end(),
            [last](const Objectives& a, const Objectives& b) { return a[last] < b[last]; });
  if (objectives == 1) return reference[0] - points.front()[0];
  double sum = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    const double end = i + 1 < points.size() ? points[i + 1][last] : reference[last];
    const double thickness = end - points[i][last];
    if (thickness == 0) continue;
    const std::vector<Objectives> slice(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    sum += thickness * volume(slice, reference, last);
  }
  return sum;
}

}  // namespace

bool dominates(const Scored& one, const Scored& other) {
  if (one.violation > 0 || other.violation > 0) return one.violation < other.violation;
  bool is_better = false;
  for (size_t i = 0; i < one.objectives.size(); ++i) {
    if (one.objectives[i] > other.objectives[i]) return false;
    is_better = is_better || one.objectives[i] < other.objectives[i];
  }
  return is_better;
}

std::vector<int64_t> ranks(const std::vector<Scored>& points) {
  std::vector<std::vector<size_t>> dominated(points.size());
  std::vector<int64_t> dominators(points.size(), 0);
  for (size_t i = 0; i < points.size(); ++i)
    for (size_t k = 0; k < points.size(); ++k)
      if (dominates(points[i], points[k])) {
        dominated[i].push_back(k);
        ++dominators[k];
      }
  std::vector<int64_t> ranks(points.size(), 0);
  std::vector<size_t> front;
  for (size_t i = 0; i < points.size(); ++i)
    if (dominators[i] == 0) front.push_back(i);
  for (int64_t rank = 0; !front.empty(); ++rank) {
    std::vector<size_t> next;
    for (const size_t member : front) {
      ranks[member] = rank;
      for (const size_t k : dominated[member])
        if (--dominators[k] == 0) next.push_back(k);
    }
    front = std::move(next);
  }
  return ranks;
}

std::vector<double> crowding_distances(const std::vector<Objectives>& front) {
  if (front.size() <= 2) return std::vector<double>(front.size(), kInfinity);
  std::vector<double> distances(front.size(), 0);
  for (size_t i = 0; i < front.front().size(); ++i) add_distances(front, i, distances);
  return distances;
}

Survivors survivors(const std::vector<Scored>& points, size_t count) {
  const std::vector<int64_t> rank_of = ranks(points);
  const std::vector<size_t> order = sorted_positions(points.size(), [&](size_t i) { return rank_of[i]; });
  Survivors found;
  for (size_t begin = 0; begin < order.size() && found.positions.size() < count;) {
    size_t end = begin;
    std::vector<Objectives> objectives;
    for (; end < order.size() && rank_of[order[end]] == rank_of[order[begin]]; ++end)
      objectives.push_back(points[order[end]].objectives);
    const std::vector<double> distances =
        points[order[begin]].violation > 0 ? std::vector<double>(objectives.size(), 0) : crowding_distances(objectives);
    for (const size_t i : sorted_positions(distances.size(), [&](size_t i) { return -distances[i]; })) {
      if (found.positions.size() == count) break;
      found.positions.push_back(order[begin + i]);
      found.crowding.push_back(distances[i]);
    }
    begin = end;
  }
  return found;
}

double hypervolume(const std::vector<Objectives>& points, const Objectives& reference) {
  std::vector<Objectives> better;
  for (const Objectives& point : points) {
    bool counts = true;
    for (size_t i = 0; i < reference.size(); ++i) counts = counts && point[i] < reference[i];
    if (counts) better.push_back(point);
  }
  return volume(std::move(better), reference, reference.size());
}

}  // namespace dha::nas
