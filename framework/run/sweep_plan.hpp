// The runs of a sweep: one pipeline with each combination of values and with each seed. sweep.json of the sweep's
// folder has them, and the folder of each run its pipeline.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "pipeline/value_lists.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

inline constexpr const char* kSweepFile = "sweep.json";

struct SweepRun {
  std::string folder;  // relative to the sweep's: "001"
  uint64_t seed = 0;
  std::vector<std::pair<std::string, std::string>> settings;  // path and value
  std::string pipeline;                                       // the text of its complete pipeline file

  std::string in_words() const;  // "seed 1, stages.0.epochs=3"
};

struct SweepPlan {
  std::string name;  // of the pipeline
  std::vector<uint64_t> seeds;
  std::vector<SweptSetting> settings;
  int64_t threads = 1;         // compute threads of each run
  std::vector<SweepRun> runs;  // all seeds of the first combination, then those of the next
};

// `overrides`: for all runs. No seeds: that of the file. Loads and checks each pipeline, without its data. Throws
// Error{kUsage} if a setting is named twice or is the seed, if two runs have the same pipeline, or if there are more
// than 10,000 runs; and the errors of load_pipeline() and check_without_data().
SweepPlan plan_sweep(const std::filesystem::path& file, const std::vector<Override>& overrides,
                     const std::vector<uint64_t>& seeds, const std::vector<SweptSetting>& settings, int64_t threads,
                     const PluginRegistry& registry);

// The compute threads of the sweep that `folder` has; 0 where there is none.
int64_t recorded_threads(const std::filesystem::path& folder);

// Makes the folder and writes the plan there, or compares it with the one that the folder has. Throws Error{kUsage}
// that names the first difference, or a file that shows that the folder is for something else; Error{kIo}, and
// Error{kData} for a damaged sweep.json.
void record_sweep(const std::filesystem::path& folder, const SweepPlan& plan);

}  // namespace dha
