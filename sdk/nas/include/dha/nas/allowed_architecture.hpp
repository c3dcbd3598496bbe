// Architectures that satisfy the constraints of a stage.
#pragma once

#include <functional>
#include <string>

#include "dha/stage.hpp"

namespace dha::nas {

// Calls `draw` until the stage allows the architecture, and returns that. Throws Error{kInvalidConfig} that names the
// constraint that failed most often if none of 1000 is allowed.
std::string draw_allowed(const Stage& stage, const std::function<std::string()>& draw);

// How far an architecture is from satisfying the constraints of the stage: the sum over violated ones of
// |value - limit| / |limit|, or of |value - limit| for a limit of 0. 0 if all hold.
double violation(const Stage& stage, const std::string& architecture);

}  // namespace dha::nas
