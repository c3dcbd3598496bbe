// The starting point of a stage or a trial: the end of an earlier one, and the parts to take from it.
#pragma once

#include <string>
#include <vector>

#include "dha/component.hpp"
#include "dha/space.hpp"
#include "pipeline/pipeline.hpp"

namespace dha {

struct StageOrigin {
  StageConfig config;  // as it was trained
  State state;         // its last checkpoint
  // Of "architecture", "weights", "searcher", "augment", "hyper", "momentum".
  std::vector<std::string> carry;
  CarryMode mode = CarryMode::kExact;  // of weights
};

}  // namespace dha
