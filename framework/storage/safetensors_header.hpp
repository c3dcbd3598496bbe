// The header of a safetensors file: JSON text that names every tensor with type, shape and place in the data.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dha {

struct SafetensorsEntry {
  std::string name;
  c10::ScalarType type = c10::ScalarType::Float;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  // bytes, from the start of the data
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // in the order of their data
  std::map<std::string, std::string> metadata;
};

// The longest header that the reference library reads, in bytes.
constexpr uint64_t kLongestSafetensorsHeader = 100'000'000;

// Puts entries in the reference library's order (types from the widest to the narrowest, then names) and fills begin
// and end. Throws Error{kContractViolation} for types that the format does not support.
void place_safetensors(std::vector<SafetensorsEntry>& entries);

// JSON text, padded with spaces to a multiple of 8 bytes; the same bytes as the reference library's. Throws
// Error{kContractViolation} for names and metadata that are not UTF-8 or reserved.
std::string format_safetensors_header(const SafetensorsHeader& header);

// Reads what is before `data_size` bytes of data. Throws Error{kData} with a sentence without the file's name.
// For any `text`, returned entries have shapes that match their bytes and are contiguous from 0 to data_size.
SafetensorsHeader parse_safetensors_header(std::string_view text, uint64_t data_size);

}  // namespace dha
