// The limits of a stage on architectures, as text: "params < 3.7M, multiply_adds <= 600M".
#pragma once

#include <string>
#include <vector>

#include "dha/quantities.hpp"
#include "dha/stage.hpp"

namespace dha {

// A conjunction of comparisons, separated by commas or "&&". A comparison limits any quantity that the space or the
// host reports by name; "params" stands for parameters, "madds" for multiply_adds. Comparisons: <, <=, >, >=. Numbers
// may end in K, M or G (powers of 1000).
class Constraints {
 public:
  Constraints() = default;
  // Throws Error{kInvalidConfig} that names the invalid part.
  explicit Constraints(const std::string& text);
  bool empty() const { return terms_.empty(); }

  // Throws Error{kInvalidConfig}, a sentence for the constraints' place in the file, if `cost` lacks a limited
  // quantity.
  void check_known(const Quantities& cost) const;

  // One entry per comparison, in the order of the text. Throws like check_known().
  std::vector<Margin> margins(const Quantities& cost) const;

  // Whether all comparisons hold. Throws like check_known().
  bool allow(const Quantities& cost) const;

  // The comparisons that do not hold, for messages: "'params < 1K' (parameters must be below 1000, found 9132)". Empty
  // where all hold. Throws as check_known() does.
  std::string violations(const Quantities& cost) const;

 private:
  struct Term {
    std::string text;      // as written, for messages
    std::string quantity;  // without abbreviation
    bool is_upper, is_strict;
    double bound;
    bool holds(double value) const;
  };

  double value_of(const Term& term, const Quantities& cost) const;

  std::vector<Term> terms_;
};

}  // namespace dha
