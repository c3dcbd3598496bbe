// What all stages of a run share: configuration, data, and where they report.
#pragma once

#include "data/open_dataset.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "run/console.hpp"
#include "run/hyper_table.hpp"
#include "run/log.hpp"
#include "run/metrics_writer.hpp"
#include "run/run_directory.hpp"
#include "training/component_context.hpp"
#include "training/stage_data.hpp"

namespace dha {

// All references outlive the stages.
struct RunScene {
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
};

}  // namespace dha
