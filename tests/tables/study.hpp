// A study of a trial searcher on a table: it is asked and told directly, without training.
//
// The study is judged by the mean over seeds of the trial that the searcher prefers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dha/context.hpp"
#include "dha/trial_searcher.hpp"
#include "tables/table.hpp"

namespace dha::test {

// The outcome of a trial that the searcher receives.
enum class Seen {
  kOneSeed,  // the result of a random seed, as of a training
  kMean,     // the mean over seeds, without noise
};

using MakeSearcher = std::function<std::unique_ptr<TrialSearcher>(Context&)>;

// The judgement after each number of trials in `checkpoints` (ascending).
std::vector<double> study_of_architectures(const Table& table, const MakeSearcher& make, uint64_t seed,
                                           const std::vector<int64_t>& checkpoints, Seen seen);

// The same where the points are settings: ordered axes are integers, the others choices.
std::vector<double> study_of_settings(const Table& table, const MakeSearcher& make, uint64_t seed,
                                      const std::vector<int64_t>& checkpoints, Seen seen);

}  // namespace dha::test
