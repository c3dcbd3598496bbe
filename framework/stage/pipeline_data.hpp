// The data set of a pipeline in use: opened, limited, with its statistics.
#pragma once

#include <filesystem>
#include <memory>

#include "component/component_slot.hpp"
#include "data/open_dataset.hpp"
#include "data/stage_data.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

// A pipeline's data set under way: the component, its context, and what the host knows of it.
class PipelineData {
 public:
  // Opens the data set and measures what statistics it lacks; `cache` keeps them ("" for none).
  PipelineData(const PluginRegistry& registry, const ContextServices& services, const PipelineConfig& config,
               const std::filesystem::path& cache);

  const OpenDataset& dataset() const { return *open_; }
  const RunImages& images() const { return images_; }

 private:
  void complete_statistics(const PipelineConfig& config, const std::filesystem::path& cache);

  ComponentSlot<Dataset> slot_;
  std::unique_ptr<OpenDataset> open_;
  RunImages images_;
};

}  // namespace dha
