// The files that a run leaves beside its metrics: what was learned, the trained model, the summary.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "component/stage_parts.hpp"
#include "pipeline/pipeline.hpp"
#include "stage/stage_result.hpp"
#include "storage/run_directory.hpp"

namespace dha {

// architecture.json, its drawing architecture.svg, and policy.json, as they stand now. Throws Error{kIo}.
void write_learned(const RunDirectory& directory, const StageParts& parts);

// model/: weights.safetensors, architecture.json, and model.json with what a program needs to use them. Throws
// Error{kIo}.
void write_model(const RunDirectory& directory, const StageParts& parts, const DatasetInfo& info);

// summary.json and stages.json. `results` may be a part of the stages: then "finished" is false, but not none. Throws
// Error{kIo}.
void write_summary(const RunDirectory& directory, const PipelineConfig& config, const std::string& device,
                   const std::vector<StageResult>& results);

// The results that stages.json has; empty where there is none.
std::vector<StageResult> read_results(const RunDirectory& directory);

// A short table for a person: one row a stage.
std::string results_table(const std::vector<StageResult>& results);

// Sizes (bytes) of the files that grow (metrics.jsonl, hyper.csv), for a checkpoint; and cutting them back to those
// sizes, to nothing where there is none, so that a run that goes on leaves what an undisturbed one would.
std::map<std::string, uint64_t> growing_files(const RunDirectory& directory);
void cut_growing_files(const RunDirectory& directory, const std::map<std::string, uint64_t>& sizes);

}  // namespace dha
