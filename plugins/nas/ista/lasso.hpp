// Solves small LASSO problems exactly: the coefficients that a compressed code stands for.
//
// minimises  1/2 ||A z - b||^2 + lambda ||z||_1   (ISTA-NAS, equation 5; m = 7 rows, 14 to 35 columns)
//
// An active set method: signs and support are changed one column at a time, and for fixed ones the solution is a linear
// system. All decisions are taken in double-double arithmetic, so the answer is the minimiser and not an iterate:
// proximal iterations still miss the two largest coefficients after thousands of steps on these matrices.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dha::ista {

struct LassoSolution {
  std::vector<double> coefficients;  // (columns), at most `rows` of them not zero
  double objective = 0;              // at `coefficients`
  double relative_gap = 0;           // (objective - value of a feasible dual point) / objective; 0 for objective 0
  int64_t steps = 0;                 // changes of the active set
};

// columns: the matrix column after column, (columns * rows) with rows = target.size(). lambda > 0, everything finite.
// Where the minimiser is not unique (equal columns), one with linearly independent columns is returned, always the same
// one. Throws Error{kInvalidParameter} where the sizes do not fit, lambda <= 0 or a value is not finite. [any thread]
LassoSolution solve_lasso(std::span<const double> columns, std::span<const double> target, double lambda);

}  // namespace dha::ista
