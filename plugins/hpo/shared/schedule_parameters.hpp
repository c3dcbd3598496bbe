// The parameters of a learning-rate schedule, the same for every update rule.
#pragma once

#include "dha/params.hpp"
#include "learning_rate_schedule.hpp"

namespace dha::hpo {

// Adds all parameters of a schedule but "learning_rate", its peak, whose default belongs to the rule.
void declare_schedule(Schema& schema);

// Throws Error{kInvalidParameter} if the minimum exceeds the peak.
LearningRateSchedule read_schedule(const Params& params);

}  // namespace dha::hpo
