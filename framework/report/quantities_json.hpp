// Numbers and named quantities as JSON, exactly: doubles keep their bits, whole numbers are written as integers, NaN
// and infinities as the texts "nan", "inf" and "-inf".
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "dha/quantities.hpp"

namespace dha {

nlohmann::ordered_json number_to_json(double value);
nlohmann::ordered_json to_json(const Quantities& quantities);

// These throw Error{kData} if `json` is not what the functions above write.
double number_from_json(const nlohmann::ordered_json& json);
Quantities quantities_from_json(const nlohmann::ordered_json& json);

}  // namespace dha
