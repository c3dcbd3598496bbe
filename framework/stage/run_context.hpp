// The common context of a run's stages: configuration, data, and outputs.
#pragma once

#include <functional>

#include "component/component_context.hpp"
#include "component/stage_parts.hpp"
#include "data/open_dataset.hpp"
#include "data/stage_data.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "report/console.hpp"
#include "report/hyper_table.hpp"
#include "report/log.hpp"
#include "report/metrics_writer.hpp"
#include "report/run_events.hpp"
#include "report/run_time_estimate.hpp"
#include "storage/run_directory.hpp"

namespace dha {

// All references outlive the stages.
struct RunContext {
  const PluginRegistry& registry;
  const PipelineConfig& config;
  const OpenDataset& dataset;
  RunImages images;
  ContextServices services;
  const RunDirectory& directory;
  Log& log;
  Console& console;
  MetricsWriter& metrics;
  HyperTable& hyper_table;
  RunEvents* events = nullptr;               // null: none are written
  std::function<void()> advanced = nullptr;  // called after each epoch and each trial, once their results are on disk
  RunTimeEstimate* estimate = nullptr;       // null: no time left is shown
};

// The services with which the components of a stage of the run are created.
StageEnvironment environment_of(const RunContext& run, const StageConfig& stage);

}  // namespace dha
