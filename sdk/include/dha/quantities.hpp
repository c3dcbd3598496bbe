// Named numbers in order: costs of an architecture, measurements of an epoch or a trial.
//
// Quantities are open: a space may count anything, and the host may measure more in a later version, without a change
// to any interface. A component reads the quantities that it knows by name and ignores the rest.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dha/export.hpp"

namespace dha {

// Names used by the host and the default components.
namespace quantity {
// Costs of one decided network, for one image.
inline constexpr const char* kParameters = "parameters";                     // without auxiliary head
inline constexpr const char* kAuxiliaryParameters = "auxiliary_parameters";  // of the auxiliary head
inline constexpr const char* kMultiplyAdds = "multiply_adds";  // of convolutions and linear layers, without that head
// Measurements: losses are means over samples, accuracies are in [0, 1].
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

  // Returns the value, or nothing if there is no quantity of that name.
  std::optional<double> find(std::string_view name) const;

  // Throws Error{kContractViolation} if there is no quantity of that name.
  double at(std::string_view name) const;

  // Appends a quantity, or replaces the value of an existing one.
  void set(std::string_view name, double value);

  bool empty() const { return items_.empty(); }
  std::vector<Quantity>::const_iterator begin() const { return items_.begin(); }
  std::vector<Quantity>::const_iterator end() const { return items_.end(); }

 private:
  std::vector<Quantity> items_;  // names are unique
};

}  // namespace dha
