// PNG files within the page.
#pragma once

#include <cstdint>
#include <string>

namespace dha::page {

struct PngSize {
  uint32_t width = 0, height = 0;  // px
};

// From the header of a PNG; zeros if `png` is none.
PngSize png_size(const std::string& png);

// A data address with the file in it.
std::string png_address(const std::string& png);

}  // namespace dha::page
