// Derives independent seeds from the run's seed and a key, so that one component's draws do not depend on another's.
#pragma once

#include <cstdint>
#include <string_view>

namespace dha {

// FNV-1a over the key, mixed with the seed by SplitMix64's finaliser. In [0, 2^63).
constexpr uint64_t derive_seed(uint64_t seed, std::string_view key) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  uint64_t mixed = hash + seed * 0x9e3779b97f4a7c15ull;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ull;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebull;
  return (mixed ^ (mixed >> 31)) >> 1;
}

}  // namespace dha
