// List files of an image folder.
#include <fstream>

#include "dha/error.hpp"
#include "image_folder/image_index.hpp"
#include "input_file.hpp"

namespace {

// A folder with images, so that a list can be right.
std::filesystem::path root() {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "dha-fuzz-list";
  for (const char* name : {"c", "d"}) std::filesystem::create_directories(folder / name);
  for (const char* name : {"a", "b b", "c/1.jpg", "d/2 2.png"}) std::ofstream(folder / name) << "x";
  return folder;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const dha::fuzz::InputFile input(data, size);
  static const std::filesystem::path folder = root();
  dha::datasets::ImageSource source;
  source.root = folder;
  source.lists[0] = input.path();
  for (const int64_t base : {0, 1}) {
    source.label_base = base;
    try {
      dha::datasets::read_image_lists(source, [] {});
    } catch (const dha::Error&) {
    }
  }
  return 0;
}
