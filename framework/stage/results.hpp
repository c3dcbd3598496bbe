// The results of a run's stages: summary.json for people, stages.json to continue from, and a table.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "stage/stage_result.hpp"
#include "storage/run_directory.hpp"

namespace dha {

// summary.json and stages.json. `results` may be a part of the stages: then "finished" is false, but not none. Throws
// Error{kIo}.
void write_results(const RunDirectory& directory, const PipelineConfig& config, const std::string& device,
                   const std::vector<StageResult>& results);

// Writes only summary.json, of a run that stopped within a stage. `results`: of the stages before it, which may be
// none. `unfinished`: the object of that key. Throws Error{kIo}.
void write_unfinished_summary(const RunDirectory& directory, const PipelineConfig& config, const std::string& device,
                              const std::vector<StageResult>& results, const nlohmann::ordered_json& unfinished);

// Writes only stages.json, for any number of stages, from which a run continues.
void write_stages(const RunDirectory& directory, const std::vector<StageResult>& results);

// The results in stages.json; empty if there is no such file. Throws Error{kData} if it is damaged or has another
// format.
std::vector<StageResult> read_results(const RunDirectory& directory);

// The same. Throws Error{kData} also if they are not those of the first stages of `config`.
std::vector<StageResult> read_results(const RunDirectory& directory, const PipelineConfig& config);

// A short table for a person: one row per stage.
std::string results_table(const std::vector<StageResult>& results);

}  // namespace dha
