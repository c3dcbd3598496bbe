#include "report/quantities_json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

Json number_to_json(double value) {
  constexpr double kLargestWhole = 9007199254740992;  // 2^53: beyond it a double skips whole numbers
  const bool is_whole = std::fabs(value) < kLargestWhole && std::nearbyint(value) == value;
  if (is_whole && !(value == 0 && std::signbit(value))) return static_cast<int64_t>(value);
  if (std::isfinite(value)) return value;
  if (std::isnan(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

double number_from_json(const Json& json) {
  if (json.is_number()) return json.get<double>();
  if (json == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (json == "inf") return std::numeric_limits<double>::infinity();
  if (json == "-inf") return -std::numeric_limits<double>::infinity();
  throw Error(ErrorCode::kData, fmt::format("expected a number, \"nan\", \"inf\" or \"-inf\", found {}", json.dump()));
}

Json to_json(const Quantities& quantities) {
  Json json = Json::object();
  for (const Quantity& item : quantities) json[item.name] = number_to_json(item.value);
  return json;
}

Quantities quantities_from_json(const Json& json) {
  if (!json.is_object()) throw Error(ErrorCode::kData, fmt::format("expected an object, found {}", json.dump()));
  Quantities quantities;
  for (const auto& [name, value] : json.items()) quantities.set(name, number_from_json(value));
  return quantities;
}

}  // namespace dha
