// PNG files that the host reads, for `dha augment`; what it reads it writes, and reads again as the same pixels.
#include "data/png_file.hpp"

#include <ATen/ops/equal.h>

#include <cstdlib>

#include "dha/error.hpp"
#include "input_file.hpp"
#include "png_mutator.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::filesystem::path copy =
      std::filesystem::temp_directory_path() / ("dha-" + std::to_string(getpid()));
  const dha::fuzz::InputFile input(data, size);
  at::Tensor image;
  try {
    image = dha::read_png(input.path());
  } catch (const dha::Error&) {
    return 0;
  }
  dha::write_png(copy, image);
  const bool same = at::equal(dha::read_png(copy), image);
  std::filesystem::remove(copy);
  if (!same) std::abort();
  return 0;
}
