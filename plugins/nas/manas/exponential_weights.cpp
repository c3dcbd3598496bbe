#include "exponential_weights.hpp"

#include <algorithm>
#include <cmath>

namespace dha::manas {

double exploring_rate(int64_t actions, int64_t rounds) {
  const auto count = static_cast<double>(actions);
  return std::sqrt(2 * std::log(count) / (count * static_cast<double>(rounds)));
}

void add_loss(ActionValues& estimates, const ActionValues& policy, const Actions& actions, double loss) {
  for (size_t edge = 0; edge < estimates.size(); ++edge) {
    const auto action = static_cast<size_t>(actions.at(edge));
    estimates[edge].at(action) += loss / policy.at(edge).at(action);
  }
}

std::vector<double> exponential_policy(const std::vector<double>& estimates, double eta, double limit) {
  const auto [least, most] = std::minmax_element(estimates.begin(), estimates.end());
  const double spread = *most - *least;
  const double rate = eta * spread > limit ? limit / spread : eta;
  std::vector<double> policy;
  double sum = 0;
  for (const double estimate : estimates) sum += policy.emplace_back(std::exp(-rate * (estimate - *least)));
  for (double& probability : policy) probability /= sum;
  return policy;
}

}  // namespace dha::manas
