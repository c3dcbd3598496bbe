// The mark with which programs on Windows begin text files.
#pragma once

#include <string>

namespace dha::datasets {

// Removes the mark of UTF-8 from the first line of a file.
inline void remove_byte_order_mark(std::string& first_line) {
  if (first_line.starts_with("\xef\xbb\xbf")) first_line.erase(0, 3);
}

}  // namespace dha::datasets
