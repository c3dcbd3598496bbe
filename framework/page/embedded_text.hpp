// The style and the script of every page: page.css and page.js, which the build puts into the program.
#pragma once

#include <string_view>

namespace dha::page {

std::string_view style_text();
std::string_view script_text();

}  // namespace dha::page
