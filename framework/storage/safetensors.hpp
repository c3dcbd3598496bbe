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

// Tensors on any device, any strides; stored contiguous, little endian, in the reference library's order. Copies at
// most one tensor at a time. Throws Error{kIo}, and Error{kContractViolation} for an undefined tensor or a type that
// the format does not support.
void save_safetensors(const std::filesystem::path& file, const SafetensorsFile& content);

// Tensors on the CPU, contiguous. Throws Error{kIo} for an unreadable file and Error{kData} for an invalid one: a
// header that is too long or not JSON, offsets that overlap, leave gaps or are out of range, sizes that do not match
// shape and dtype, booleans other than 0 and 1.
SafetensorsFile load_safetensors(const std::filesystem::path& file);

// The metadata alone, from the header. Throws like load_safetensors().
std::map<std::string, std::string> load_safetensors_metadata(const std::filesystem::path& file);

}  // namespace dha
