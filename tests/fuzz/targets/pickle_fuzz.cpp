// Pickles of CIFAR's Python version: batches and class names, of each layout.
#include "cifar/cifar_pickles.hpp"
#include "dha/error.hpp"
#include "input_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const dha::fuzz::InputFile input(data, size);
  const std::filesystem::path folder = input.path().parent_path();
  for (const int64_t classes : {10, 20, 100}) {
    dha::datasets::CifarLayout layout = dha::datasets::cifar_layout(classes);
    layout.python_names = input.path().filename();
    try {
      dha::datasets::read_cifar_pickles(folder, {layout.python_names}, layout);
    } catch (const dha::Error&) {
    }
    try {
      dha::datasets::read_cifar_pickle_names(folder, layout);
    } catch (const dha::Error&) {
    }
  }
  return 0;
}
