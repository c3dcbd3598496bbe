// A sign that a search has collapsed: cells that keep hardly anything but skip connections, which train fastest in a
// shared network and end in poor ones (Zela et al., 2020, "Understanding and robustifying differentiable architecture
// search").
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dha/architecture.hpp"

namespace dha {

struct SkipCount {
  std::string cell;  // empty for a space whose choices belong to no cell
  int64_t skips = 0, kept = 0;

  double share() const { return kept == 0 ? 0 : static_cast<double>(skips) / static_cast<double>(kept); }
  // More than half of what the cell keeps; too few candidates say nothing.
  bool is_collapsed() const { return kept >= 4 && 2 * skips > kept; }
};

// Counts the kept candidates that pass their input on or drop it: skip_connect, identity, none and zero. One entry per
// cell, in the order of the choices; those named "<cell>.…" belong to that cell, the others to one without a name.
// `kept`: positions of candidates, one list per choice.
std::vector<SkipCount> count_skips(const std::vector<Choice>& choices, const std::vector<std::vector<int64_t>>& kept);

}  // namespace dha
