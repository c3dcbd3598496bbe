#include "page/png_text.hpp"

#include "page/base64.hpp"

namespace dha::page {

PngSize png_size(const std::string& png) {
  if (png.size() < 24 || !png.starts_with("\x89PNG\r\n\x1a\n")) return {};
  const auto number = [&](size_t at) {
    uint32_t value = 0;
    for (size_t i = at; i < at + 4; ++i) value = value << 8U | static_cast<unsigned char>(png[i]);
    return value;
  };
  return {number(16), number(20)};
}

std::string png_address(const std::string& png) { return "data:image/png;base64," + base64(png); }

}  // namespace dha::page
