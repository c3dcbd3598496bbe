#include "pipeline/utf8.hpp"

#include <utf8proc.h>

namespace dha {

CodePoint code_point_at(std::string_view text) {
  utf8proc_int32_t value = 0;
  const utf8proc_ssize_t bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                                  static_cast<utf8proc_ssize_t>(text.size()), &value);
  return bytes > 0 ? CodePoint{static_cast<uint32_t>(value), static_cast<size_t>(bytes)} : CodePoint();
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = code_point_at(text).bytes;
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace dha
