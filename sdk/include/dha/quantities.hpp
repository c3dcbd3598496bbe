// Named numbers in order: what an architecture costs, what an epoch or a trial measured.
//
// Quantities are open: a space may count what it likes, and the host may measure more in a later version, without a
// change of any interface. A component reads those that it knows by name and passes over the rest.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dha/export.hpp"

namespace dha {

// Names that host and default components use.
namespace quantity {
// Costs of one decided network, for one image.
inline constexpr const char* kParameters = "parameters";                     // without auxiliary head
inline constexpr const char* kAuxiliaryParameters = "auxiliary_parameters";  // of the auxiliary head
inline constexpr const char* kMultiplyAdds = "multiply_adds";  // of convolutions and linear layers, without that head
// Measurements: losses are means over samples, accuracies lie in [0, 1].
inline constexpr const char* kTrainLoss = "train_loss";          // auxiliary head included
inline constexpr const char* kTrainAccuracy = "train_accuracy";  // of augmented samples
inline constexpr const char* kValidationLoss = "validation_loss";
inline constexpr const char* kValidationAccuracy = "validation_accuracy";
}  // namespace quantity

struct Quantity {
  std::string name;
  double value = 0;
};

class DHA_API Quantities {
 public:
  Quantities();
  Quantities(std::initializer_list<Quantity> items);
  Quantities(const Quantities&);
  Quantities(Quantities&&) noexcept;
  Quantities& operator=(const Quantities&);
  Quantities& operator=(Quantities&&) noexcept;
  ~Quantities();

  // Empty where there is none of that name.
  std::optional<double> find(std::string_view name) const;

  // Throws Error{kContractViolation} where there is none of that name.
  double at(std::string_view name) const;

  // Adds a quantity at the end, or replaces the value of the one of that name.
  void set(std::string_view name, double value);

  bool empty() const { return items_.empty(); }
  std::vector<Quantity>::const_iterator begin() const { return items_.begin(); }
  std::vector<Quantity>::const_iterator end() const { return items_.end(); }

 private:
  std::vector<Quantity> items_;  // names are unique
};

}  // namespace dha
