// An optional ability of data sets that read files: the size of each, by which a run that is resumed notices images
// that were replaced under the same names.
//
// Obtained by capability("dha.file_sizes/1") after open(). Data sets in memory need none, as their pixels are compared.
#pragma once

#include <cstdint>

#include "dha/dataset.hpp"
#include "dha/export.hpp"

namespace dha {

class DHA_API FileSizes {
 public:
  static constexpr const char* kCapability = "dha.file_sizes/1";

  FileSizes();
  virtual ~FileSizes();

  // Bytes of the file of an image; 0 where they are not known.
  virtual int64_t file_size(Split split, int64_t index) const = 0;
};

}  // namespace dha
