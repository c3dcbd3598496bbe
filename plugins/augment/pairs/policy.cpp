#include "policy.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <vector>

#include "pair_operations.hpp"

namespace dha::pairs {

namespace {

constexpr size_t kPairsShown = 10;

const char* name_of(int operation) { return images::operation_name(kOperations[static_cast<size_t>(operation)]); }

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (int i = 0; i < kOperationCount; ++i) names.emplace_back(name_of(i));
  return names;
}

double entropy_of(const double* probability) {
  double entropy = 0;
  for (int i = 0; i < kPairCount; ++i)
    if (probability[i] > 0) entropy -= probability[i] * std::log(probability[i]);
  return entropy;
}

}  // namespace

std::string policy_json(const double* probability) {
  nlohmann::ordered_json policy{{"operations", operation_names()}, {"entropy", entropy_of(probability)}};
  policy["entropy_of_uniform"] = std::log(kPairCount);
  for (int row = 0; row < kOperationCount; ++row)
    policy["probabilities"].push_back(
        std::vector<double>(probability + row * kOperationCount, probability + (row + 1) * kOperationCount));
  std::vector<int> order(kPairCount);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return probability[a] > probability[b]; });
  for (size_t i = 0; i < kPairsShown; ++i)
    policy["most_likely"].push_back({{"first", name_of(order[i] / kOperationCount)},
                                     {"second", name_of(order[i] % kOperationCount)},
                                     {"probability", probability[order[i]]}});
  return policy.dump();
}

}  // namespace dha::pairs
