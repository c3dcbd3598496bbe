// MAT-files with ImageNet's table of classes.
#include "dha/error.hpp"
#include "imagenet/synsets.hpp"
#include "input_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const dha::fuzz::InputFile input(data, size);
  try {
    dha::datasets::read_synsets(input.path());
  } catch (const dha::Error&) {
  }
  return 0;
}
