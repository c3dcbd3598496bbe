// CIFAR batches and files of class names, of each layout.
#include "cifar/cifar_files.hpp"
#include "dha/error.hpp"
#include "input_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const dha::fuzz::InputFile input(data, size);
  const std::filesystem::path folder = input.path().parent_path();
  for (const int64_t classes : {10, 20, 100}) {
    dha::datasets::CifarLayout layout = dha::datasets::cifar_layout(classes);
    layout.names = {input.path().filename()};
    try {
      dha::datasets::read_cifar_files(folder, layout.names, layout);
    } catch (const dha::Error&) {
    }
    try {
      dha::datasets::read_cifar_names(folder, layout);
    } catch (const dha::Error&) {
    }
  }
  return 0;
}
