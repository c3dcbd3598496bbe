// The exact LASSO solver against solutions of other solvers, and against the optimality conditions.
#include "lasso.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "dha/error.hpp"
#include "recovery.hpp"
#include "support/paths.hpp"

namespace {

using dha::ista::LassoSolution;
using dha::ista::solve_lasso;
using Values = std::vector<double>;
using LongValues = std::vector<long double>;

struct Problem {
  Values columns, target;
  double lambda = 1e-5;
  size_t rows() const { return target.size(); }
  size_t count() const { return columns.size() / rows(); }
};

nlohmann::json golden(const char* list) {
  std::ifstream file(dha::test::source_dir() / "tests/golden/lasso/problems.json");
  return nlohmann::json::parse(file).at(list);
}

Problem problem_of(const nlohmann::json& json) {
  return {json.at("columns").get<Values>(), json.at("target").get<Values>(), json.at("lambda").get<double>()};
}

Problem random_problem(std::mt19937_64& random, size_t rows, size_t count, double scale, double lambda) {
  std::uniform_real_distribution<double> uniform(0, 1);
  std::normal_distribution<double> normal(0, scale);
  Problem problem{Values(rows * count), Values(rows), lambda};
  for (double& value : problem.columns) value = uniform(random);
  for (double& value : problem.target) value = normal(random);
  return problem;
}

LassoSolution solve(const Problem& problem) { return solve_lasso(problem.columns, problem.target, problem.lambda); }

std::vector<size_t> support(const Values& coefficients) {
  std::vector<size_t> positions;
  for (size_t j = 0; j < coefficients.size(); ++j)
    if (coefficients[j] != 0) positions.push_back(j);
  return positions;
}

// The residual b - A z in extended precision, straight from its definition.
LongValues residual(const Problem& problem, const Values& z) {
  LongValues left(problem.target.begin(), problem.target.end());
  for (size_t j = 0; j < z.size(); ++j)
    for (size_t i = 0; i < problem.rows(); ++i)
      left[i] -= static_cast<long double>(z[j]) * problem.columns[j * problem.rows() + i];
  return left;
}

long double objective(const Problem& problem, const Values& z) {
  long double sum = 0;
  for (const long double value : residual(problem, z)) sum += value * value / 2;
  for (const double value : z) sum += static_cast<long double>(problem.lambda) * std::fabs(value);
  return sum;
}

long double dot(const Problem& problem, size_t j, const LongValues& vector) {
  long double sum = 0;
  for (size_t i = 0; i < problem.rows(); ++i) sum += vector[i] * problem.columns[j * problem.rows() + i];
  return sum;
}

// x where matrix x = right, by elimination; matrix: symmetric and positive definite.
LongValues solve_linear(std::vector<LongValues> matrix, LongValues right) {
  const size_t count = right.size();
  for (size_t pivot = 0; pivot < count; ++pivot)
    for (size_t i = pivot + 1; i < count; ++i) {
      const long double factor = matrix[i][pivot] / matrix[pivot][pivot];
      for (size_t j = pivot; j < count; ++j) matrix[i][j] -= factor * matrix[pivot][j];
      right[i] -= factor * right[pivot];
    }
  for (size_t i = count; i-- > 0;) {
    for (size_t j = i + 1; j < count; ++j) right[i] -= matrix[i][j] * right[j];
    right[i] /= matrix[i][i];
  }
  return right;
}

// The residual, moved within the span of the columns in the support until their a_j . u = lambda sign(z_j) as closely
// as long double has it. The residual itself is off by the rounding of z to doubles, which lambda = 1e-5 makes a gap of
// 1e-9.
LongValues dual_point(const Problem& problem, const Values& z) {
  const std::vector<size_t> active = support(z);
  LongValues dual = residual(problem, z);
  for (int round = 0; round < 3; ++round) {
    std::vector<LongValues> gram(active.size(), LongValues(active.size()));
    LongValues excess(active.size());
    for (size_t k = 0; k < active.size(); ++k) {
      const auto* own = &problem.columns[active[k] * problem.rows()];
      excess[k] = dot(problem, active[k], dual) - std::copysign(problem.lambda, z[active[k]]);
      for (size_t l = 0; l < active.size(); ++l)
        gram[k][l] = dot(problem, active[l], LongValues(own, own + problem.rows()));
    }
    const LongValues step = solve_linear(gram, excess);
    for (size_t k = 0; k < active.size(); ++k)
      for (size_t i = 0; i < problem.rows(); ++i) dual[i] -= step[k] * problem.columns[active[k] * problem.rows() + i];
  }
  return dual;
}

// The duality gap as a share of the objective, from problem and coefficients alone: any u, scaled until |a_j . u| <=
// lambda for all j, bounds the objective from below by b . u - u . u / 2.
double relative_gap(const Problem& problem, const Values& z) {
  LongValues dual = dual_point(problem, z);
  long double largest = problem.lambda, bound = 0;
  for (size_t j = 0; j < z.size(); ++j) largest = std::max(largest, std::fabs(dot(problem, j, dual)));
  for (long double& entry : dual) entry *= problem.lambda / largest;
  for (size_t i = 0; i < problem.rows(); ++i) bound += dual[i] * (problem.target[i] - dual[i] / 2);
  const long double primal = objective(problem, z);
  return primal > 0 ? static_cast<double>((primal - bound) / primal) : 0;
}

// Checks a_j . r = lambda sign(z_j) where z_j is not zero, |a_j . r| <= lambda elsewhere. Rounding z to doubles moves
// a_j . r by its last digits, hence the tolerance.
void check_optimality(const Problem& problem, const LassoSolution& solution) {
  const auto left = residual(problem, solution.coefficients);
  double size = 0;
  for (const double value : solution.coefficients) size += std::fabs(value);
  const double tolerance = 1e-12 * problem.lambda + 4e-15 * size * static_cast<double>(problem.rows());
  for (size_t j = 0; j < problem.count(); ++j) {
    const long double correlation = dot(problem, j, left);
    const double z = solution.coefficients[j];
    const auto excess = static_cast<double>(z == 0 ? std::fabs(correlation) - problem.lambda
                                                   : std::fabs(correlation - (z > 0 ? 1 : -1) * problem.lambda));
    BOOST_TEST(excess <= tolerance, "column " << j << " violates its condition by " << excess);
  }
  BOOST_TEST(solution.relative_gap <= 1e-12);
  // No bound is above the objective but by rounding.
  BOOST_TEST(std::fabs(relative_gap(problem, solution.coefficients)) <= 1e-15);
  BOOST_TEST(support(solution.coefficients).size() <= problem.rows());
  BOOST_TEST(solution.objective == static_cast<double>(objective(problem, solution.coefficients)),
             boost::test_tools::tolerance(1e-13));
}

// The generator and the problems of tests/golden/lasso/make_many.py.
class SplitMix {
 public:
  explicit SplitMix(uint64_t seed) : state_(seed) {}
  // 53 bits in [0, 1).
  double uniform() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }

 private:
  uint64_t state_;
};

Problem problem_of(size_t index) {
  const size_t counts[] = {14, 21, 28, 35};
  const double scales[] = {1e-4, 1e-3, 1e-2, 1e-1, 1, 10}, penalties[] = {1e-5, 7e-5};
  SplitMix random(index);
  Problem problem{Values(7 * counts[index % 4]), Values(7), penalties[index / 24 % 2]};
  for (double& value : problem.columns) value = random.uniform();
  for (double& value : problem.target) value = scales[index / 4 % 6] * (2 * random.uniform() - 1);
  if (index % 5 == 4) std::copy_n(problem.columns.begin(), 7, problem.columns.begin() + 7);
  if (index % 7 == 6)
    for (double& value : problem.target) value = -std::fabs(value);
  return problem;
}

BOOST_AUTO_TEST_SUITE(lasso)

BOOST_AUTO_TEST_CASE(is_never_above_an_interior_point_solver_on_500_problems) {
  std::ifstream file(dha::test::source_dir() / "tests/golden/lasso/many.json");
  const nlohmann::json results = nlohmann::json::parse(file);
  BOOST_TEST_REQUIRE(results.size() == 500u);
  size_t unique = 0;
  for (size_t index = 0; index < results.size(); ++index) {
    BOOST_TEST_CONTEXT("problem " << index) {
      const Problem problem = problem_of(index);
      const LassoSolution solution = solve(problem);
      check_optimality(problem, solution);
      BOOST_TEST(objective(problem, solution.coefficients) <= results[index]["solver"].get<double>() * (1 + 1e-12));
      BOOST_TEST(solution.objective == results[index]["objective"].get<double>(), boost::test_tools::tolerance(1e-12));
      unique += results[index]["unique"].get<bool>() ? 1 : 0;
      std::vector<size_t> own = support(solution.coefficients);
      // Of two equal columns either may be in it.
      if (!results[index]["unique"].get<bool>()) std::replace(own.begin(), own.end(), size_t{1}, size_t{0});
      BOOST_TEST(own == results[index]["support"].get<std::vector<size_t>>(), boost::test_tools::per_element());
    }
  }
  BOOST_TEST(unique == 460u);  // all but those of the 100 with two equal columns whose support has one of the two
}

BOOST_AUTO_TEST_CASE(agrees_with_an_interior_point_solver) {
  const nlohmann::json problems = golden("plain");
  BOOST_TEST(problems.size() == 59u);
  for (const nlohmann::json& json : problems) {
    BOOST_TEST_CONTEXT(json.at("name").get<std::string>()) {
      const Problem problem = problem_of(json);
      const LassoSolution solution = solve(problem);
      check_optimality(problem, solution);
      BOOST_TEST(solution.objective <= json.at("solver_objective").get<double>() * (1 + 1e-12));
      if (!json.at("exact").get<bool>()) continue;
      BOOST_TEST(solution.objective == json.at("objective").get<double>(), boost::test_tools::tolerance(1e-12));
      if (!json.at("unique").get<bool>()) continue;
      const auto expected = json.at("coefficients").get<Values>();
      BOOST_TEST(support(solution.coefficients) == support(expected), boost::test_tools::per_element());
      BOOST_TEST(solution.coefficients == expected, boost::test_tools::tolerance(1e-12)
                                                        << boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(agrees_with_an_interior_point_solver_on_degenerate_input) {
  const nlohmann::json problems = golden("degenerate");
  BOOST_TEST(problems.size() == 13u);
  for (const nlohmann::json& json : problems) {
    BOOST_TEST_CONTEXT(json.at("name").get<std::string>()) {
      const Problem problem = problem_of(json);
      const LassoSolution solution = solve(problem);
      check_optimality(problem, solution);
      BOOST_TEST(solution.objective <= json.at("solver_objective").get<double>() * (1 + 1e-12));
      BOOST_TEST(solution.objective == json.at("objective").get<double>(), boost::test_tools::tolerance(1e-12));
      double norm = 0;
      for (const double value : solution.coefficients) norm += std::fabs(value);
      BOOST_TEST(norm == json.at("norm").get<double>(), boost::test_tools::tolerance(1e-12));
      const auto fit = json.at("fit").get<Values>();
      const LongValues left = residual(problem, solution.coefficients);
      for (size_t i = 0; i < fit.size(); ++i)
        BOOST_TEST(std::fabs(problem.target[i] - left[i] - fit[i]) <= 1e-12 * std::fabs(problem.target[i]),
                   "row " << i << " of the fit");
    }
  }
}

BOOST_AUTO_TEST_CASE(centred_problem_is_the_lasso_with_intercept_of_scikit_learn) {
  for (const nlohmann::json& json : golden("intercept")) {
    BOOST_TEST_CONTEXT(json.at("name").get<std::string>()) {
      const Problem problem = problem_of(json);
      const auto options = at::TensorOptions(at::kDouble);
      const at::Tensor columns = at::empty({static_cast<int64_t>(problem.count()), 7}, options);
      const at::Tensor code = at::empty({7}, options);
      std::copy(problem.columns.begin(), problem.columns.end(), columns.mutable_data_ptr<double>());
      std::copy(problem.target.begin(), problem.target.end(), code.mutable_data_ptr<double>());
      const LassoSolution solution = dha::ista::recover(columns, code, {dha::ista::RecoveryMode::kDha, problem.lambda});
      const auto expected = json.at("coefficients").get<Values>();
      const double theirs = json.at("solver_objective").get<double>();
      BOOST_TEST(solution.objective <= theirs * (1 + 1e-12));
      BOOST_TEST(solution.objective == theirs, boost::test_tools::tolerance(1e-7));
      for (size_t j = 0; j < expected.size(); ++j) BOOST_TEST(std::fabs(solution.coefficients[j] - expected[j]) < 1e-5);
    }
  }
}

BOOST_AUTO_TEST_CASE(satisfies_the_optimality_conditions_of_random_problems) {
  std::mt19937_64 random(17);
  const size_t sizes[][2] = {{7, 14}, {7, 21}, {7, 28}, {7, 35}, {4, 7}, {1, 3}, {12, 8}, {10, 40}};
  const double scales[] = {1e-4, 1e-3, 1e-2, 1e-1, 1, 10}, lambdas[] = {1e-5, 7e-5, 1e-3};
  for (size_t repeat = 0; repeat < 500; ++repeat) {
    const auto& size = sizes[repeat % std::size(sizes)];
    const Problem problem = random_problem(random, size[0], size[1], scales[repeat % std::size(scales)],
                                           lambdas[repeat % std::size(lambdas)]);
    BOOST_TEST_CONTEXT("problem " << repeat) { check_optimality(problem, solve(problem)); }
  }
}

BOOST_AUTO_TEST_CASE(is_zero_from_the_largest_correlation_on) {
  std::mt19937_64 random(5);
  Problem problem = random_problem(random, 7, 21, 0.1, 1);
  double largest = 0;
  for (size_t j = 0; j < problem.count(); ++j) {
    double correlation = 0;
    for (size_t i = 0; i < 7; ++i) correlation += problem.columns[j * 7 + i] * problem.target[i];
    largest = std::max(largest, std::fabs(correlation));
  }
  for (const double factor : {1.0 + 1e-12, 1.5, 1e6}) {
    problem.lambda = largest * factor;
    const LassoSolution solution = solve(problem);
    BOOST_TEST(support(solution.coefficients).empty());
    BOOST_TEST(solution.relative_gap <= 1e-12);
  }
  problem.lambda = largest * (1 - 1e-6);
  BOOST_TEST(support(solve(problem).coefficients).size() == 1u);
}

BOOST_AUTO_TEST_CASE(survives_degenerate_input) {
  std::mt19937_64 random(9);
  const Problem start = random_problem(random, 7, 7, 0.3, 1e-5);
  Problem equal = start;  // every column three times
  equal.columns.insert(equal.columns.end(), start.columns.begin(), start.columns.end());
  equal.columns.insert(equal.columns.end(), start.columns.begin(), start.columns.end());
  Problem opposed = start;  // and every column with the other sign
  for (const double value : start.columns) opposed.columns.push_back(-value);
  Problem near = start;  // columns that differ in the last digits
  for (const double value : start.columns) near.columns.push_back(value * (1 + 1e-14));
  Problem flat{Values(7 * 14, 0.5), Values(7, 1.0), 1e-5};
  Problem on_a_column = start;
  std::copy_n(start.columns.begin(), 7, on_a_column.target.begin());
  Problem rank_one = start;
  for (size_t j = 0; j < 7; ++j)
    for (size_t i = 0; i < 7; ++i) rank_one.columns[j * 7 + i] = start.columns[i] * static_cast<double>(j + 1);
  Problem integers{Values(7 * 12), {1, 0, 1, 0, 1, 0, 1}, 0.25};  // many ties
  for (size_t j = 0; j < integers.columns.size(); ++j) integers.columns[j] = (j * j + 3 * j) % 5 < 2;

  for (const Problem& problem : {equal, opposed, near, flat, on_a_column, rank_one, integers}) {
    const LassoSolution solution = solve(problem);
    check_optimality(problem, solution);
    BOOST_TEST(solution.coefficients == solve(problem).coefficients, boost::test_tools::per_element());
  }
  BOOST_TEST(solve(equal).objective == solve(start).objective, boost::test_tools::tolerance(1e-12));

  Problem zeros = start;
  std::fill(zeros.target.begin(), zeros.target.end(), 0);
  BOOST_TEST(support(solve(zeros).coefficients).empty());
  BOOST_TEST(solve(zeros).objective == 0);
  std::fill(zeros.columns.begin(), zeros.columns.end(), 0);
  zeros.target[0] = 1;
  BOOST_TEST(support(solve(zeros).coefficients).empty());
}

BOOST_AUTO_TEST_CASE(refuses_what_is_not_a_problem) {
  const Values columns(14, 0.5), target(7, 1.0);
  const auto is_parameter_error = [](const dha::Error& e) { return e.code() == dha::ErrorCode::kInvalidParameter; };
  BOOST_CHECK_EXCEPTION(solve_lasso(columns, target, 0), dha::Error, is_parameter_error);
  BOOST_CHECK_EXCEPTION(solve_lasso(columns, target, std::numeric_limits<double>::quiet_NaN()), dha::Error,
                        is_parameter_error);
  BOOST_CHECK_EXCEPTION(solve_lasso(columns, Values(5, 1.0), 1e-5), dha::Error, is_parameter_error);
  BOOST_CHECK_EXCEPTION(solve_lasso(columns, Values{}, 1e-5), dha::Error, is_parameter_error);
  Values infinite = target;
  infinite[3] = std::numeric_limits<double>::infinity();
  BOOST_CHECK_EXCEPTION(solve_lasso(columns, infinite, 1e-5), dha::Error, is_parameter_error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
