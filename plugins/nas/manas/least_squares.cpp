#include "least_squares.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/linalg_lstsq.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "dha/error.hpp"
#include "dha/nas/state.hpp"

namespace dha::manas {

namespace {

// One-hot actions: (samples, actions of all edges).
at::Tensor features_of(const std::vector<Actions>& actions, const ActionValues& shape) {
  const auto columns = static_cast<int64_t>(flattened(shape).size());
  at::Tensor features = at::zeros({static_cast<int64_t>(actions.size()), columns}, at::kDouble);
  auto* row = features.mutable_data_ptr<double>();
  for (const Actions& sample : actions) {
    int64_t first = 0;
    for (size_t edge = 0; edge < shape.size(); ++edge) {
      row[first + sample.at(edge)] = 1;
      first += static_cast<int64_t>(shape[edge].size());
    }
    row += columns;
  }
  return features;
}

}  // namespace

ActionValues fit(const std::vector<Actions>& actions, const std::vector<double>& losses, const ActionValues& shape) {
  if (!std::all_of(losses.begin(), losses.end(), [](double loss) { return std::isfinite(loss); }))
    throw Error(ErrorCode::kDiverged,
                "the validation loss of a sampled architecture is not finite; lower the learning rate of the weights");
  at::Tensor features = features_of(actions, shape), target = nas::as_tensor(losses);
  const at::Tensor taken = features.sum(0).gt(0);
  features = features.sub(features.mean(0));
  target = target.sub(target.mean());
  // gelsd: the solution of smallest norm, for features of any rank.
  const at::Tensor coefficients = std::get<0>(at::linalg_lstsq(features, target.unsqueeze(1), std::nullopt, "gelsd"));
  return unflattened(nas::as_values(coefficients.flatten().mul(taken)), shape);  // exact zeros, for stable ranks
}

std::vector<double> zipf_policy(const std::vector<double>& coefficients) {
  std::vector<size_t> order(coefficients.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return coefficients[a] < coefficients[b]; });
  double sum = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) sum += 1 / static_cast<double>(rank + 1);
  std::vector<double> policy(coefficients.size());
  for (size_t rank = 0; rank < order.size(); ++rank) policy[order[rank]] = 1 / (static_cast<double>(rank + 1) * sum);
  return policy;
}

}  // namespace dha::manas
