// Draws a genotype: one graph per cell.
#pragma once

#include <vector>

#include "dha/space.hpp"
#include "genotype.hpp"

namespace dha::cell {

// Nodes are the inputs "c_{k-2}" and "c_{k-1}", the cell's nodes "0", "1", … and the output "c_{k}"; edges into the
// output have no label.
std::vector<ArchitectureGraph> draw(const Genotype& genotype);

}  // namespace dha::cell
