#include "lasso.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "dha/error.hpp"
#include "double_double.hpp"

namespace dha::ista {

namespace {

using Numbers = std::vector<DoubleDouble>;

// A column joins only where |a_j . residual| exceeds lambda by more than this share: it bounds the relative gap.
constexpr double kOptimality = 1e-15;

// A column counts as a combination of others where what is left of its squared norm is below this share.
constexpr double kDependence = 1e-26;

// L D L^T of a symmetric positive definite matrix, small.
class Factorisation {
 public:
  explicit Factorisation(std::vector<Numbers> gram) : rows_(std::move(gram)) {
    const size_t n = rows_.size();
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j <= i; ++j) {
        DoubleDouble rest = rows_[i][j];
        for (size_t k = 0; k < j; ++k) rest = rest - rows_[i][k] * rows_[k][k] * rows_[j][k];
        rows_[i][j] = i == j ? rest : rest / rows_[j][j];
      }
    }
  }

  Numbers solve(Numbers x) const {
    const size_t n = rows_.size();
    for (size_t i = 0; i < n; ++i)
      for (size_t k = 0; k < i; ++k) x[i] = x[i] - rows_[i][k] * x[k];
    for (size_t i = 0; i < n; ++i) x[i] = x[i] / rows_[i][i];
    for (size_t i = n; i-- > 0;)
      for (size_t k = i + 1; k < n; ++k) x[i] = x[i] - rows_[k][i] * x[k];
    return x;
  }

 private:
  std::vector<Numbers> rows_;  // below the diagonal L, on it D
};

class ActiveSet {
 public:
  ActiveSet(std::span<const double> columns, std::span<const double> target, double lambda)
      : rows_(target.size()), count_(columns.size() / target.size()), columns_(columns), target_(target) {
    lambda_ = lambda;
    coefficients_.resize(count_);
  }

  LassoSolution solve() {
    LassoSolution solution;
    // Every change lowers the objective, so no set returns; the limit only guards against rounding on hostile input,
    // and the gap then tells.
    const auto limit = static_cast<int64_t>(100 + 50 * (rows_ + count_));
    update_residual();
    for (; solution.steps < limit; ++solution.steps) {
      const size_t entering = most_violating();
      if (entering == count_ || !admit(entering)) break;
      settle();
      update_residual();
    }
    finish(solution);
    return solution;
  }

 private:
  struct Member {
    size_t column;
    int sign;
  };

  std::span<const double> column(size_t j) const { return columns_.subspan(j * rows_, rows_); }

  DoubleDouble product(size_t j, const Numbers& vector) const {
    DoubleDouble sum;
    const auto values = column(j);
    for (size_t i = 0; i < rows_; ++i) sum = sum + vector[i] * values[i];
    return sum;
  }

  Numbers as_numbers(std::span<const double> values) const { return {values.begin(), values.end()}; }

  Numbers residual_of(const Numbers& coefficients) const {
    Numbers residual = as_numbers(target_);
    for (size_t j = 0; j < count_; ++j) {
      if (coefficients[j].high == 0) continue;
      const auto values = column(j);
      for (size_t i = 0; i < rows_; ++i) residual[i] = residual[i] - coefficients[j] * values[i];
    }
    return residual;
  }

  void update_residual() { residual_ = residual_of(coefficients_); }

  // The column outside the set whose optimality condition |a_j . residual| <= lambda fails most; count_ if none does.
  size_t most_violating() const {
    size_t worst = count_;
    DoubleDouble bound = lambda_ * (1 + kOptimality);
    for (size_t j = 0; j < count_; ++j) {
      const bool is_member =
          std::any_of(members_.begin(), members_.end(), [&](const Member& member) { return member.column == j; });
      if (is_member) continue;
      const DoubleDouble correlation = abs(product(j, residual_));
      if (bound < correlation) {
        bound = correlation;
        worst = j;
      }
    }
    return worst;
  }

  Factorisation factorise() const {
    std::vector<Numbers> gram(members_.size(), Numbers(members_.size()));
    for (size_t i = 0; i < members_.size(); ++i) {
      const Numbers values = as_numbers(column(members_[i].column));
      for (size_t j = 0; j <= i; ++j) gram[i][j] = product(members_[j].column, values);
    }
    return Factorisation(std::move(gram));
  }

  // Takes `entering` into the set. Where it depends on the members, it first takes the place of one of them. False
  // where rounding leaves no way to do so.
  bool admit(size_t entering) {
    const int sign = product(entering, residual_) < 0 ? -1 : 1;
    const Numbers values = as_numbers(column(entering));
    Numbers combination(members_.size());
    for (size_t k = 0; k < members_.size(); ++k) combination[k] = product(members_[k].column, values);
    if (!members_.empty()) combination = factorise().solve(std::move(combination));
    if (depends(values, combination) && !exchange(entering, sign, combination)) return false;
    members_.push_back({entering, sign});
    return true;
  }

  bool depends(const Numbers& values, const Numbers& combination) const {
    if (members_.size() == rows_) return true;
    DoubleDouble norm, rest_norm;
    for (size_t i = 0; i < rows_; ++i) {
      DoubleDouble rest = values[i];
      for (size_t k = 0; k < members_.size(); ++k) rest = rest - combination[k] * column(members_[k].column)[i];
      norm = norm + values[i] * values[i];
      rest_norm = rest_norm + rest * rest;
    }
    return rest_norm <= norm * kDependence;
  }

  // Moves along the direction that trades members for `entering` and leaves A z as it is, until a member reaches zero;
  // that one leaves. The 1-norm falls on the way, because the entering column violates its condition.
  bool exchange(size_t entering, int sign, const Numbers& combination) {
    size_t leaving = members_.size();
    DoubleDouble length;
    for (size_t k = 0; k < members_.size(); ++k) {
      const DoubleDouble shrinking = combination[k] * (sign * members_[k].sign);
      if (shrinking <= 0) continue;
      const DoubleDouble until_zero = abs(coefficients_[members_[k].column]) / shrinking;
      if (leaving == members_.size() || until_zero < length) {
        leaving = k;
        length = until_zero;
      }
    }
    if (leaving == members_.size()) return false;
    for (size_t k = 0; k < members_.size(); ++k) {
      DoubleDouble& coefficient = coefficients_[members_[k].column];
      coefficient = coefficient - length * combination[k] * sign;
    }
    coefficients_[entering] = length * sign;
    drop(leaving);
    return true;
  }

  void drop(size_t member) {
    coefficients_[members_[member].column] = 0;
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(member));
  }

  // Goes to the minimum for the signs of the members; those that reach zero on the way leave.
  void settle() {
    while (!members_.empty()) {
      const Numbers aim = stationary_point();
      size_t leaving = members_.size();
      DoubleDouble share = 1;
      for (size_t k = 0; k < members_.size(); ++k) {
        if (aim[k] * members_[k].sign > 0) continue;
        const DoubleDouble now = coefficients_[members_[k].column];
        const DoubleDouble until_zero = now.high == aim[k].high ? DoubleDouble(0) : now / (now - aim[k]);
        if (leaving == members_.size() || until_zero < share) {
          leaving = k;
          share = until_zero;
        }
      }
      for (size_t k = 0; k < members_.size(); ++k) {
        DoubleDouble& coefficient = coefficients_[members_[k].column];
        coefficient = leaving == members_.size() ? aim[k] : coefficient + share * (aim[k] - coefficient);
      }
      if (leaving == members_.size()) return;
      drop(leaving);
    }
  }

  // Solves A_S^T A_S z = A_S^T b - lambda sign.
  Numbers stationary_point() const {
    const Numbers target = as_numbers(target_);
    Numbers right(members_.size());
    for (size_t k = 0; k < members_.size(); ++k)
      right[k] = product(members_[k].column, target) - lambda_ * members_[k].sign;
    return factorise().solve(std::move(right));
  }

  // Objective of the rounded coefficients, and the gap to the dual value of the residual, scaled until it is feasible.
  void finish(LassoSolution& solution) const {
    Numbers rounded(count_);
    DoubleDouble norm;
    solution.coefficients.resize(count_);
    for (size_t j = 0; j < count_; ++j) {
      solution.coefficients[j] = static_cast<double>(coefficients_[j]);
      rounded[j] = solution.coefficients[j];
      norm = norm + abs(rounded[j]);
    }
    DoubleDouble objective = lambda_ * norm;
    for (const DoubleDouble& value : residual_of(rounded)) objective = objective + value * value * 0.5;
    DoubleDouble largest;
    for (size_t j = 0; j < count_; ++j) largest = std::max(largest, abs(product(j, residual_)));
    const DoubleDouble scale = largest > lambda_ ? lambda_ / largest : DoubleDouble(1);
    DoubleDouble dual;
    for (size_t i = 0; i < rows_; ++i) {
      const DoubleDouble value = residual_[i] * scale;
      dual = dual + value * target_[i] - value * value * 0.5;
    }
    solution.objective = static_cast<double>(objective);
    solution.relative_gap = objective > 0 ? std::max(0.0, static_cast<double>((objective - dual) / objective)) : 0.0;
  }

  size_t rows_, count_;
  std::span<const double> columns_, target_;
  DoubleDouble lambda_;
  std::vector<Member> members_;  // linearly independent columns
  Numbers coefficients_;         // zero outside the members
  Numbers residual_;
};

void require(bool condition, const std::string& what) {
  if (!condition) throw Error(ErrorCode::kInvalidParameter, "the LASSO problem cannot be solved: " + what);
}

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

}  // namespace

LassoSolution solve_lasso(std::span<const double> columns, std::span<const double> target, double lambda) {
  require(!target.empty() && columns.size() % target.size() == 0,
          std::to_string(columns.size()) + " matrix entries do not make columns of " + std::to_string(target.size()));
  require(std::isfinite(lambda) && lambda > 0, "lambda must be above 0, found " + std::to_string(lambda));
  require(all_finite(columns) && all_finite(target), "a value of the matrix or the target is not finite");
  return ActiveSet(columns, target, lambda).solve();
}

}  // namespace dha::ista
