// Time of recovering the sparse coefficients of all eight nodes of an ISTA search, as an epoch's end does.
#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "lasso.hpp"

namespace {

struct Problem {
  std::vector<double> columns, target;
};

// The four sizes of a cell's nodes, once for each of the two cells: 7 rows, 7 operations on 2 to 5 inputs.
std::vector<Problem> problems() {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> uniform(0, 1);
  std::normal_distribution<double> normal(0, 0.1);
  std::vector<Problem> made;
  for (const size_t candidates : {14, 21, 28, 35, 14, 21, 28, 35}) {
    Problem problem{std::vector<double>(7 * candidates), std::vector<double>(7)};
    for (double& value : problem.columns) value = uniform(random);
    for (double& value : problem.target) value = normal(random);
    made.push_back(std::move(problem));
  }
  return made;
}

void recover_eight_nodes(benchmark::State& state) {
  const std::vector<Problem> all = problems();
  for (auto _ : state)
    for (const Problem& problem : all)
      benchmark::DoNotOptimize(dha::ista::solve_lasso(problem.columns, problem.target, 1e-5).objective);
}
BENCHMARK(recover_eight_nodes)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
