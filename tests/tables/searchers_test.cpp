// Trial searchers on published tables: random search against its exact expectation, the others against random search.
#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <filesystem>
#include <map>
#include <numeric>

#include "evolution_trials.hpp"
#include "random_trials.hpp"
#include "support/complete_params.hpp"
#include "tables/converted.hpp"
#include "tables/study.hpp"
#include "tpe_trials.hpp"

namespace {

using namespace dha;
using test::Seen;
using test::Table;

using test::file_of;
using test::has_tables;

template <class Searcher>
test::MakeSearcher with(const std::string& params) {
  return [params](Context& context) {
    return std::make_unique<Searcher>(test::complete_params<Searcher>(params), context);
  };
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

struct Moments {
  double mean = 0, deviation = 0;
};

// Of the judgement of the best of n uniform draws with repeats: a draw is a row and one of its seeds. The best observed
// result is at most x with probability P(one draw's is at most x)^n; draws that tie are equally likely to come first.
Moments best_of(const Table& table, int64_t n) {
  struct Tied {
    double probability = 0, judged = 0, squared = 0;  // sums over draws, weighted by their probability
  };
  std::map<double, Tied> draws;
  for (size_t row = 0; row < table.size(); ++row) {
    const std::vector<double>& results = table.results(row);
    const double probability = 1.0 / static_cast<double>(table.size() * results.size()), mean = table.mean(row);
    for (const double result : results) {
      Tied& tied = draws[result];
      tied.probability += probability;
      tied.judged += probability * mean;
      tied.squared += probability * mean * mean;
    }
  }
  double below = 0, mean = 0, square = 0;
  for (const auto& [result, tied] : draws) {
    const double to = std::min(1.0, below + tied.probability);
    const double is_best = std::pow(to, n) - std::pow(below, n);
    mean += is_best * tied.judged / tied.probability;
    square += is_best * tied.squared / tied.probability;
    below = to;
  }
  return {mean, std::sqrt(square - mean * mean)};
}

// One-sided probability, if both samples had the same law, of ranks that speak as much for the first being greater
// (test of Mann and Whitney by its normal approximation, with the correction for ties).
double mann_whitney(const std::vector<double>& greater, const std::vector<double>& smaller) {
  const auto m = static_cast<double>(greater.size()), n = static_cast<double>(smaller.size());
  double wins = 0;
  std::map<double, double> counts;
  for (const double one : greater)
    for (const double other : smaller) wins += one > other ? 1 : one == other ? 0.5 : 0;
  for (const auto* sample : {&greater, &smaller})
    for (const double one : *sample) ++counts[one];
  double ties = 0;
  for (const auto& [value, count] : counts) ties += count * count * count - count;
  const double variance = m * n / 12 * (m + n + 1 - ties / ((m + n) * (m + n - 1)));
  return boost::math::cdf(boost::math::complement(boost::math::normal(), (wins - m * n / 2) / std::sqrt(variance)));
}

BOOST_AUTO_TEST_SUITE(searchers_on_tables, *boost::unit_test::precondition(has_tables))

// The greatest means, as published.
BOOST_AUTO_TEST_CASE(tables_are_those_of_nas_bench_201) {
  for (const auto& [name, best] : {std::pair{"cifar10", 91.61}, {"cifar100", 73.49}, {"imagenet", 46.73}}) {
    const Table table(file_of(std::string("nasbench201-") + name));
    BOOST_TEST(table.size() == 15625u);
    BOOST_TEST(std::fabs(table.best_mean() - best) < 0.005);
  }
}

// 3.29 standard errors: one of a thousand correct searchers would fail at a checkpoint.
BOOST_AUTO_TEST_CASE(random_search_has_its_exact_expectation) {
  constexpr uint64_t kStudies = 500;
  const std::vector<int64_t> checkpoints{1, 10, 30, 100};
  const Table table(file_of("nasbench201-cifar10"));
  std::vector<std::vector<double>> judged(checkpoints.size());
  for (uint64_t seed = 0; seed < kStudies; ++seed) {
    const std::vector<double> study =
        test::study_of_architectures(table, with<RandomTrials>(R"({"retries": 0})"), seed, checkpoints, Seen::kOneSeed);
    for (size_t i = 0; i < study.size(); ++i) judged[i].push_back(study[i]);
  }
  for (size_t i = 0; i < checkpoints.size(); ++i) {
    const Moments expected = best_of(table, checkpoints[i]);
    const double found = mean_of(judged[i]);
    BOOST_TEST_MESSAGE(checkpoints[i] << " trials: " << found << ", expected " << expected.mean << " +- "
                                      << expected.deviation);
    BOOST_TEST(std::fabs(found - expected.mean) < 3.29 * expected.deviation / std::sqrt(kStudies));
  }
}

// The regret of an independent program with these numbers, 0.19 points, is less than a third of random search's, 0.62.
BOOST_AUTO_TEST_CASE(evolution_has_the_known_regret) {
  constexpr uint64_t kStudies = 500;
  const Table table(file_of("nasbench201-cifar10"));
  std::vector<double> regrets;
  for (uint64_t seed = 0; seed < kStudies; ++seed)
    regrets.push_back(table.best_mean() - test::study_of_architectures(
                                              table, with<EvolutionTrials>(R"({"population": 20, "tournament": 10})"),
                                              seed, {100}, Seen::kOneSeed)[0]);
  BOOST_TEST_MESSAGE("mean regret " << mean_of(regrets));
  BOOST_TEST(std::fabs(mean_of(regrets) - 0.19) < 0.03);
}

// Searchers receive the mean over seeds. Single seeds vary more than the best configurations differ: with them it takes
// 100 studies to distinguish the searchers, and then on nine of the twelve tasks.
BOOST_AUTO_TEST_CASE(tpe_beats_random_search_on_most_tasks) {
  constexpr uint64_t kStudies = 30;
  const std::vector<std::string> tasks{"hpobench-australian",
                                       "hpobench-blood_transfusion",
                                       "hpobench-car",
                                       "hpobench-credit_g",
                                       "hpobench-kc1",
                                       "hpobench-phoneme",
                                       "hpobench-segment",
                                       "hpobench-vehicle",
                                       "hpolib-naval_propulsion",
                                       "hpolib-parkinsons_telemonitoring",
                                       "hpolib-protein_structure",
                                       "hpolib-slice_localization"};
  int64_t beaten = 0;
  for (const std::string& task : tasks) {
    const Table table(file_of(task));
    std::vector<double> tpe, random;
    for (uint64_t seed = 0; seed < kStudies; ++seed) {
      tpe.push_back(test::study_of_settings(table, with<TpeTrials>("{}"), seed, {100}, Seen::kMean)[0]);
      random.push_back(
          test::study_of_settings(table, with<RandomTrials>(R"({"over": ["settings"]})"), seed, {100}, Seen::kMean)[0]);
    }
    const double probability = mann_whitney(tpe, random);
    BOOST_TEST_MESSAGE(task << ": mean of dha.tpe " << mean_of(tpe) << ", of dha.random " << mean_of(random)
                            << ", best " << table.best_mean() << ", p " << probability);
    beaten += probability < 0.01 ? 1 : 0;
  }
  BOOST_TEST(beaten >= 11);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
