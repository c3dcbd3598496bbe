// Reads and writes the safetensors format (8-byte little-endian header length, JSON header, raw data), atomically.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>

namespace dha {

struct SafetensorsFile {
  std::map<std::string, at::Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

// Tensors on any device, any strides; stored contiguous, little endian, in the reference library's order. Holds a copy
// of one tensor at a time at most. Throws Error{kIo}, and Error{kContractViolation} for an undefined tensor or a type
// that the format does not know.
void save_safetensors(const std::filesystem::path& file, const SafetensorsFile& content);

// Tensors on the CPU, contiguous. Throws Error{kIo} for what cannot be read and Error{kData} for what is not a valid
// file: a header that is too long or not JSON, offsets that overlap, leave gaps or lie outside, sizes that do not fit
// shape and dtype, booleans other than 0 and 1.
SafetensorsFile load_safetensors(const std::filesystem::path& file);

// The metadata alone, from the header. Throws as load_safetensors().
std::map<std::string, std::string> load_safetensors_metadata(const std::filesystem::path& file);

}  // namespace dha
