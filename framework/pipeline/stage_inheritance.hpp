// The parts that a stage inherits from the earlier stage named by "from".
#pragma once

#include "pipeline/node.hpp"

namespace dha {

// Fills in every stage of `pipeline`, in order: component entries, architecture, batch_size, validation_fraction and
// log_every that a stage does not give; an entry without "use" merges over the earlier one. A stage that gives a
// searcher, trials or an architecture, or carries an architecture, inherits none of these three. Stages that name no
// earlier stage are not changed; check_stages() reports them.
void inherit_stages(Node& pipeline);

}  // namespace dha
