// What is read as safetensors is written and read again as the same.
#include <cstdlib>

#include "dha/error.hpp"
#include "input_file.hpp"
#include "storage/atomic_file.hpp"
#include "storage/safetensors.hpp"

namespace {

dha::SafetensorsFile written_and_read(const dha::SafetensorsFile& content) {
  static const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("dha-fuzz-" + std::to_string(getpid()) + ".safetensors");
  dha::save_safetensors(file, content);
  dha::SafetensorsFile again = dha::load_safetensors(file);
  std::filesystem::remove(file);
  return again;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const dha::fuzz::InputFile input(data, size);
  dha::SafetensorsFile content;
  try {
    content = dha::load_safetensors(input.path());
  } catch (const dha::Error&) {
    return 0;
  }
  if (dha::load_safetensors_metadata(input.path()) != content.metadata) std::abort();
  const dha::SafetensorsFile again = written_and_read(content);
  if (again.metadata != content.metadata || again.tensors.size() != content.tensors.size()) std::abort();
  for (const auto& [name, tensor] : content.tensors) {
    const at::Tensor& other = again.tensors.at(name);
    if (other.sizes() != tensor.sizes() || other.scalar_type() != tensor.scalar_type()) std::abort();
  }
  return 0;
}
