// Small pipelines, and runs of them on the simulated CUDA or the CPU within the test's process.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dha/version.hpp"
#include "support/paths.hpp"

namespace dha::test {

using Json = nlohmann::ordered_json;

constexpr int64_t kImages = 64, kSide = 12, kClasses = 4, kBatch = 8, kStepsPerEpoch = kImages / kBatch;

// An MNIST-format data set whose classes are bars at different places; kImages to train with and as many to test.
void write_idx(const std::filesystem::path& folder);

// The same as a folder of PNG files, in colour.
void write_folder(const std::filesystem::path& folder);

// Two epochs of the joint search, probe `next`, and one of a network of what it found.
Json search_stage();
Json final_stage();

Json pipeline_of(const std::filesystem::path& idx, const Json& stages);

struct FinishedRun {
  std::vector<Json> rows;  // of metrics.jsonl
  std::string log;
};

// Continues the last run of `device` below `folder` with its steps one by one.
FinishedRun resume_without_graph(const TemporaryDirectory& folder, const std::string& device);

// Runs a pipeline below `folder` with the default plugins and the one that is linked into the test, as if that was
// built with the SDK's minor version `sdk_minor`.
FinishedRun run(const TemporaryDirectory& folder, Json pipeline, const std::string& device,
                uint32_t sdk_minor = DHA_SDK_VERSION_MINOR);

}  // namespace dha::test
