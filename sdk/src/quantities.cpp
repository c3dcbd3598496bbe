#include "dha/quantities.hpp"

#include <algorithm>

#include "dha/error.hpp"

namespace dha {

Quantities::Quantities() = default;
Quantities::Quantities(const Quantities&) = default;
Quantities::Quantities(Quantities&&) noexcept = default;
Quantities& Quantities::operator=(const Quantities&) = default;
Quantities& Quantities::operator=(Quantities&&) noexcept = default;
Quantities::~Quantities() = default;

Quantities::Quantities(std::initializer_list<Quantity> items) {
  for (const Quantity& item : items) set(item.name, item.value);
}

std::optional<double> Quantities::find(std::string_view name) const {
  const auto found =
      std::find_if(items_.begin(), items_.end(), [&](const Quantity& item) { return item.name == name; });
  return found == items_.end() ? std::nullopt : std::optional(found->value);
}

double Quantities::at(std::string_view name) const {
  if (const std::optional<double> value = find(name)) return *value;
  std::string known;
  for (const Quantity& item : items_) known += (known.empty() ? "" : ", ") + item.name;
  throw Error(ErrorCode::kContractViolation,
              "there is no quantity '" + std::string(name) + "'; there are " + (known.empty() ? "none" : known));
}

void Quantities::set(std::string_view name, double value) {
  for (Quantity& item : items_)
    if (item.name == name) {
      item.value = value;
      return;
    }
  items_.push_back({std::string(name), value});
}

}  // namespace dha
