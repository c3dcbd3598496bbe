// IDX files of images and labels, plain and gzip, and EMNIST's mapping files.
#include <utility>
#include <vector>

#include "dha/error.hpp"
#include "idx/emnist_mapping.hpp"
#include "idx/idx_file.hpp"
#include "input_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const dha::fuzz::InputFile input(data, size);
  using dha::datasets::IdxType;
  for (const auto& [dimensions, type] :
       {std::pair{1, IdxType::kUnsignedByte}, {3, IdxType::kUnsignedByte}, {2, IdxType::kInt}}) {
    try {
      dha::datasets::IdxFile file(input.path(), dimensions, type);
      file.check_size();
      if (file.content_size() > 1 << 26) continue;  // a gzip of many zeros is no fault
      std::vector<uint8_t> content(static_cast<size_t>(file.content_size()));
      file.read(content.data());
      if (dimensions < 3) dha::datasets::read_idx_labels({{}, input.path(), dimensions});
    } catch (const dha::Error&) {
    }
  }
  try {
    dha::datasets::read_emnist_mapping(input.path(), {1, 26});
  } catch (const dha::Error&) {
  }
  return 0;
}
