#include "genome.hpp"

#include <algorithm>
#include <set>

#include "dha/nas/trial_draws.hpp"

namespace dha {

namespace {

// `kept` is in any order.
bool is_valid(const Choice& choice, const std::vector<int64_t>& kept) {
  const std::set<int64_t> candidates(kept.begin(), kept.end());
  if (candidates.size() != kept.size()) return false;
  if (!choice.distinct_inputs) return true;
  std::set<int64_t> inputs;
  for (const int64_t candidate : kept) inputs.insert(choice.candidates[static_cast<size_t>(candidate)].input);
  return inputs.size() == kept.size();
}

// The candidates that can replace one gene of a choice.
std::vector<int64_t> replacements(const Choice& choice, const std::vector<int64_t>& kept, size_t gene) {
  std::vector<int64_t> found;
  for (int64_t candidate = 0; candidate < static_cast<int64_t>(choice.candidates.size()); ++candidate) {
    std::vector<int64_t> changed = kept;
    changed[gene] = candidate;
    if (candidate != kept[gene] && is_valid(choice, changed)) found.push_back(candidate);
  }
  return found;
}

}  // namespace

int64_t Genome::genes() const {
  int64_t count = 0;
  for (const Choice& choice : space_.choices()) count += choice.keep;
  return count;
}

Decisions Genome::cross(const Decisions& one, const Decisions& other, const at::Generator& generator) const {
  int64_t begin = nas::draw_below(genes() + 1, generator), end = nas::draw_below(genes() + 1, generator);
  if (begin > end) std::swap(begin, end);
  Decisions child;
  int64_t gene = 0;
  for (size_t i = 0; i < one.size(); ++i) {
    const bool begins_with_other = gene >= begin && gene < end;
    std::vector<int64_t> kept;
    for (size_t slot = 0; slot < one[i].size(); ++slot, ++gene)
      kept.push_back(gene >= begin && gene < end ? other[i][slot] : one[i][slot]);
    if (!is_valid(space_.choices()[i], kept)) kept = begins_with_other ? other[i] : one[i];
    std::sort(kept.begin(), kept.end());
    child.push_back(std::move(kept));
  }
  return child;
}

Decisions Genome::mutate(const Decisions& decisions, const at::Generator& generator) const {
  Decisions mutated = decisions;
  const int64_t count = genes();
  for (size_t i = 0; i < mutated.size(); ++i) {
    for (size_t gene = 0; gene < mutated[i].size(); ++gene) {
      if (nas::draw_below(count, generator) != 0) continue;
      const std::vector<int64_t> others = replacements(space_.choices()[i], mutated[i], gene);
      if (others.empty()) continue;
      const int64_t drawn = nas::draw_below(static_cast<int64_t>(others.size()), generator);
      mutated[i][gene] = others[static_cast<size_t>(drawn)];
    }
    std::sort(mutated[i].begin(), mutated[i].end());
  }
  return mutated;
}

int64_t Genome::distance(const Decisions& one, const Decisions& other) {
  int64_t count = 0;
  for (size_t i = 0; i < one.size(); ++i)
    for (const int64_t kept : one[i])
      count += std::find(other[i].begin(), other[i].end(), kept) == other[i].end() ? 1 : 0;
  return count;
}

}  // namespace dha
