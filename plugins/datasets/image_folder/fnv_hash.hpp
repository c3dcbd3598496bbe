// FNV-1a, a hash that is the same on every machine and in every version.
#pragma once

#include <cstdint>
#include <string_view>

namespace dha::datasets {

// Of several texts one after another where `value` is the hash of those before.
inline uint64_t fnv_hash(std::string_view text, uint64_t value = 0xcbf29ce484222325u) {
  for (const char c : text) value = (value ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  return value;
}

}  // namespace dha::datasets
