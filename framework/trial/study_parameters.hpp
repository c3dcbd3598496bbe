// The settings of a trial as parameters of Optuna, each with the distribution that it comes from.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace dha {

struct StudyParameter {
  std::string name;          // "hyper.learning_rate"; an item of a list: "hyper.betas.0"
  double value = 0;          // of a choice the position of its value
  std::string distribution;  // FloatDistribution, IntDistribution or CategoricalDistribution of Optuna, JSON text
};

// A pointer below the stage as a name: "/hyper/learning_rate" as "hyper.learning_rate".
std::string study_name_of(const std::string& pointer);

// The parameters of the setting of `pointer` to `value`; none where Optuna has no distribution for it. `field`: as in
// Stage::tunable(). A range is widened to a value beyond it.
std::vector<StudyParameter> study_parameters(const std::string& pointer, const nlohmann::ordered_json& value,
                                             const nlohmann::ordered_json& field);

}  // namespace dha
