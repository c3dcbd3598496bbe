// One colour per operation: one hue per family with shades within it, all legible on white and black.
#pragma once

#include <map>
#include <set>
#include <string>

namespace dha {

// "#rrggbb" for each operation. White text on a colour has a contrast of at least 4.5, the colour on black of at least
// 2.5 (WCAG 2.1, relative luminance between 0.075 and 0.18). Families by name: separable, dilated and other
// convolutions, inverted bottlenecks, pooling, skip connections, none.
std::map<std::string, std::string> operation_colours(const std::set<std::string>& operations);

}  // namespace dha
