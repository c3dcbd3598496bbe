#include "data/sample_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <queue>
#include <tuple>
#include <utility>

#include "data/counter_random.hpp"
#include "dha/error.hpp"

namespace dha {

namespace {

// Fisher and Yates, from the back.
template <class Value>
void shuffle(std::vector<Value>& values, CounterRandom& random) {
  for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random.below(i)]);
}

// The images of each class in a random order; classes in a random order.
std::vector<std::vector<int64_t>> shuffled_classes(std::span<const int64_t> labels, uint64_t seed,
                                                   RandomPurpose purpose) {
  std::map<int64_t, std::vector<int64_t>> by_label;
  for (size_t i = 0; i < labels.size(); ++i) by_label[labels[i]].push_back(static_cast<int64_t>(i));
  CounterRandom random(seed, purpose, 0, 0);
  std::vector<std::vector<int64_t>> classes;
  for (auto& [label, members] : by_label) {
    shuffle(members, random);
    classes.push_back(std::move(members));
  }
  shuffle(classes, random);
  return classes;
}

// How many images of each class go to validation.
std::vector<int64_t> validation_counts(const std::vector<std::vector<int64_t>>& classes, double fraction,
                                       int64_t total) {
  std::vector<int64_t> counts;
  std::vector<std::pair<double, size_t>> remainders;  // negated, so that the largest comes first
  for (size_t i = 0; i < classes.size(); ++i) {
    const double share = fraction * static_cast<double>(classes[i].size());
    counts.push_back(static_cast<int64_t>(share));
    remainders.emplace_back(static_cast<double>(counts.back()) - share, i);
  }
  int64_t missing = total - std::accumulate(counts.begin(), counts.end(), int64_t{0});
  std::sort(remainders.begin(), remainders.end());
  for (const auto& [remainder, i] : remainders)
    if (missing-- > 0) ++counts[i];
  for (size_t i = 0; i < classes.size(); ++i) {
    const auto size = static_cast<int64_t>(classes[i].size());
    counts[i] = size < 2 ? 0 : std::clamp<int64_t>(counts[i], 1, size - 1);
  }
  return counts;
}

}  // namespace

std::vector<int64_t> epoch_permutation(int64_t n, uint64_t seed, int64_t epoch) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  CounterRandom random(seed, RandomPurpose::kEpochOrder, epoch, 0);
  shuffle(order, random);
  return order;
}

std::vector<int64_t> stratified_order(std::span<const int64_t> labels, uint64_t seed) {
  const std::vector<std::vector<int64_t>> classes = shuffled_classes(labels, seed, RandomPurpose::kStratifiedOrder);
  const size_t total = labels.size();
  // The j-th image of a class of n has its place in the window from floor(j N / n) to ceil((j + 1) N / n). One image a
  // place, the earliest deadline first, meets every window, because the windows' densities n / N sum to one.
  struct Window {
    size_t release, deadline, owner, member;
  };
  const auto window = [&](size_t owner, size_t member) {
    const size_t size = classes[owner].size();
    return Window{member * total / size, ((member + 1) * total + size - 1) / size, owner, member};
  };
  const auto releases_later = [](const Window& a, const Window& b) {
    return std::tie(a.release, a.owner) > std::tie(b.release, b.owner);
  };
  const auto is_due_later = [](const Window& a, const Window& b) {
    return std::tie(a.deadline, a.owner) > std::tie(b.deadline, b.owner);
  };
  std::priority_queue<Window, std::vector<Window>, decltype(releases_later)> waiting(releases_later);
  std::priority_queue<Window, std::vector<Window>, decltype(is_due_later)> ready(is_due_later);
  for (size_t owner = 0; owner < classes.size(); ++owner) waiting.push(window(owner, 0));
  std::vector<int64_t> order;
  order.reserve(total);
  while (order.size() < total) {
    for (; !waiting.empty() && waiting.top().release <= order.size(); waiting.pop()) ready.push(waiting.top());
    const Window next = ready.top();
    ready.pop();
    order.push_back(classes[next.owner][next.member]);
    if (next.member + 1 < classes[next.owner].size()) waiting.push(window(next.owner, next.member + 1));
  }
  return order;
}

TrainValidationSplit stratified_split(std::span<const int64_t> labels, double fraction, uint64_t seed) {
  if (!(fraction >= 0 && fraction < 1))
    throw Error(ErrorCode::kInvalidConfig,
                fmt::format("the fraction of images for validation is {}, expected a number in [0, 1)", fraction));
  TrainValidationSplit split;
  if (fraction == 0) {
    split.train.resize(labels.size());
    std::iota(split.train.begin(), split.train.end(), int64_t{0});
    return split;
  }
  const auto classes = shuffled_classes(labels, seed, RandomPurpose::kStratifiedSplit);
  const auto counts = validation_counts(classes, fraction, std::llround(fraction * static_cast<double>(labels.size())));
  for (size_t i = 0; i < classes.size(); ++i) {
    split.validation.insert(split.validation.end(), classes[i].begin(), classes[i].begin() + counts[i]);
    split.train.insert(split.train.end(), classes[i].begin() + counts[i], classes[i].end());
  }
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.validation.begin(), split.validation.end());
  return split;
}

}  // namespace dha
