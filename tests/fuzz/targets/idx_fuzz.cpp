// IDX files of images, plain and gzip.
#include <vector>

#include "dha/error.hpp"
#include "idx/idx_file.hpp"
#include "input_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const dha::fuzz::InputFile input(data, size);
  for (const int dimensions : {1, 3}) {
    try {
      dha::datasets::IdxFile file(input.path(), dimensions);
      file.check_size();
      int64_t count = 1;
      for (const int64_t length : file.lengths()) count *= length;
      if (count > 1 << 26) continue;  // a gzip of many zeros is no fault
      std::vector<uint8_t> content(static_cast<size_t>(count));
      file.read(content.data());
    } catch (const dha::Error&) {
    }
  }
  return 0;
}
