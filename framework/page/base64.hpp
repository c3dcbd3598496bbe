// Bytes as text for a data address.
#pragma once

#include <string>
#include <string_view>

namespace dha::page {

// RFC 4648, with padding.
std::string base64(std::string_view bytes);

}  // namespace dha::page
