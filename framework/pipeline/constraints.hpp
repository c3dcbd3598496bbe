// The limits that a stage puts on architectures, as text: "params < 3.7M, multiply_adds <= 600M".
#pragma once

#include <string>
#include <vector>

#include "dha/architecture.hpp"

namespace dha {

// A conjunction of comparisons, separated by commas or "&&". Quantities: params (or parameters), multiply_adds (or
// madds). Comparisons: <, <=, >, >=. Numbers may end in K, M or G (powers of 1000).
class Constraints {
 public:
  Constraints() = default;
  // Throws Error{kInvalidConfig} that names the part that cannot be read.
  explicit Constraints(const std::string& text);
  bool empty() const { return terms_.empty(); }
  bool allow(const Cost& cost) const;

 private:
  struct Term {
    bool is_parameters;
    bool is_upper, is_strict;
    double bound;
  };
  std::vector<Term> terms_;
};

}  // namespace dha
