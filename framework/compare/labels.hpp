// Names groups of runs.
#pragma once

#include <vector>

#include "compare/run_groups.hpp"

namespace dha::compare {

// Sets the label of each group: the name of its pipeline where no other group has that name, else the name and as few
// differing settings as tell the groups of that name apart, such as "small (batch_size 16)". A setting is called by the
// end of its pointer, as long as it takes to be unique among these. Groups that differ in data alone have its checksum.
void label_groups(std::vector<RunGroup>& groups);

}  // namespace dha::compare
