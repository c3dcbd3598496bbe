// What decoders throw for an image file that cannot be read.
#pragma once

#include <stdexcept>

namespace dha::datasets {

// The message follows the file's name: "is truncated". Whether it becomes an Error or a skipped sample is decided by
// the data set.
class UnreadableImage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace dha::datasets
