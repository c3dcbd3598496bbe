// The augmentation policy that was learned, next to the uniform one.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "page/heat_map.hpp"
#include "page/html.hpp"
#include "page/sections.hpp"
#include "page/statistics.hpp"

namespace dha::page {

namespace {

constexpr size_t kShownPairs = 10;

std::vector<double> flat(const PolicyRecord& policy) {
  std::vector<double> probabilities;
  for (const auto& row : policy.probabilities) probabilities.insert(probabilities.end(), row.begin(), row.end());
  return probabilities;
}

// Shades are relative to `largest`, so that two maps can be compared.
std::string map_of(const PolicyRecord& policy, const std::string& title, double largest,
                   const std::function<double(size_t, size_t)>& probability) {
  HeatMap map;
  map.title = title;
  map.row_title = "first operation";
  map.column_title = "second operation";
  map.names = policy.operations;
  map.cell = [&](size_t row, size_t column) {
    const double value = probability(row, column);
    return HeatMap::Cell{
        value / largest, "",
        fmt::format("{}, then {}: {}", policy.operations[row], policy.operations[column], percent(value, 2)), false};
  };
  return draw(map);
}

std::string most_likely(const PolicyRecord& policy) {
  const std::vector<double> probabilities = flat(policy);
  std::vector<size_t> order(probabilities.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return probabilities[a] > probabilities[b]; });
  Table table({{"first"}, {"then"}, {"probability", true}, {"over uniform", true}});
  const size_t operations = policy.operations.size();
  for (size_t i = 0; i < std::min(kShownPairs, order.size()); ++i)
    table.add({policy.operations[order[i] / operations], policy.operations[order[i] % operations],
               percent(probabilities[order[i]], 2),
               fmt::format("{:.2f}", probabilities[order[i]] * static_cast<double>(probabilities.size()))});
  return figure("The most likely pairs", table.html());
}

std::string in_words(const PolicyRecord& policy) {
  const double divergence = divergence_from_uniform(flat(policy));
  const double most = 2 * std::log(static_cast<double>(policy.operations.size()));
  return fmt::format(
      "<p>{}: the policy of {} is {:.4f} nat from uniform (Kullback-Leibler divergence; at most {:.3f}). "
      "{}</p>\n",
      escaped(policy.stage.empty() ? "Now" : "After stage " + policy.stage), escaped(policy.augmenter), divergence,
      most,
      divergence < kSmallestDivergence
          ? "<b>Nothing was learned:</b> it is as good as uniform, and a fixed policy would serve as "
            "well."
          : "It prefers some pairs of operations to others.");
}

}  // namespace

Section policy_section(const RunRecord& record) {
  std::string html;
  for (const PolicyRecord& policy : record.policies) {
    const std::vector<double> probabilities = flat(policy);
    const double largest = *std::max_element(probabilities.begin(), probabilities.end());
    if (!(largest > 0)) continue;
    const double uniform = 1 / static_cast<double>(probabilities.size());
    html += in_words(policy) + "<div class=\"grid\">\n";
    html += map_of(policy, "Probability of each pair: learned", largest,
                   [&](size_t row, size_t column) { return policy.probabilities[row][column]; });
    html += map_of(policy, "The same for the uniform policy", std::max(largest, uniform),
                   [&](size_t, size_t) { return uniform; });
    html += most_likely(policy) + "</div>\n";
  }
  return {"policy", "Augmentation policy", html};
}

}  // namespace dha::page
