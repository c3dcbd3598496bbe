// What a stage takes over from the earlier stage that it names by "from".
#pragma once

#include "pipeline/node.hpp"

namespace dha {

// Fills in every stage of `pipeline`, in order: component entries and batch_size that a stage does not give; an entry
// without "use" merges over the earlier one. Neither a searcher nor trials is taken over by a stage that gives the
// other or carries an architecture. Stages that name no earlier stage are left as they are: check_stages() reports
// them.
void inherit_stages(Node& pipeline);

}  // namespace dha
