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

// Tensors on any device, any strides; stored contiguous, little endian. Throws Error{kIo}.
void save_safetensors(const std::filesystem::path& file, const SafetensorsFile& content);

// Tensors on the CPU, contiguous. Throws Error{kIo} for what cannot be read and Error{kData} for what is not a valid
// file: a header that is too long or not JSON, offsets that overlap, leave gaps or lie outside, sizes that do not fit
// shape and dtype.
SafetensorsFile load_safetensors(const std::filesystem::path& file);

}  // namespace dha
