// Draws architecture graphs as one SVG: inputs left, output right, every operation on its edge.
#pragma once

#include <string>
#include <vector>

#include "dha/space.hpp"

namespace dha {

// One figure per graph, one below the other, each with its title. Colours distinguish operations and a legend names
// them; labels do not overlap; legible on white and black backgrounds.
std::string draw_svg(const std::vector<ArchitectureGraph>& graphs);

}  // namespace dha
