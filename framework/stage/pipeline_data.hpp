// The data set of a pipeline in use: opened, limited, checked against the one that the run began with, with its
// statistics.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "component/component_slot.hpp"
#include "data/data_identity.hpp"
#include "data/open_dataset.hpp"
#include "data/stage_data.hpp"
#include "data/statistics.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

// How a data set may differ from the run's original one.
enum class DataChange {
  kNone,
  kContent,      // other names or contents of as many images with the same labels
  kSameClasses,  // any images of the same classes: for evaluations of other data
};

// The file of a run directory that describes its data set: class names, digests, statistics, and the parameters that
// the data set chose.
inline constexpr const char* kDatasetFile = "dataset.json";

// A pipeline's data set in use: the component, its context, and the host's knowledge of it.
class PipelineData {
 public:
  // Opens the data set. `facts`, the file kDatasetFile of a run directory: if it exists, the data set must match it
  // except for `allowed`, and takes its statistics and chosen parameters from it; with kContent the file is updated to
  // the changed set. Otherwise the statistics are measured and the file is written. Throws Error{kData} that names the
  // first difference, and --accept-changed-data if `acceptable` allows it.
  PipelineData(const PluginRegistry& registry, const ContextServices& services, const PipelineConfig& config,
               const std::filesystem::path& facts, DataChange allowed = DataChange::kNone,
               DataChange acceptable = DataChange::kContent);

  // `use`, of the run's data set, with the parameters that the data set chose when the run began, from `facts`;
  // unchanged if there is no such file.
  static ComponentUse with_chosen_params(ComponentUse use, const std::filesystem::path& facts);

  // `info`, what the data set tells before it is open, completed from `facts`: its class names and statistics. Nothing
  // if there is no such file, or something is unknown still.
  static std::optional<DatasetInfo> known_info(DatasetInfo info, const std::filesystem::path& facts);

  const OpenDataset& dataset() const { return *open_; }
  const RunImages& images() const { return images_; }

 private:
  struct Facts {
    DataIdentity identity;
    std::optional<PixelStatistics> statistics;  // if the data set has none of its own
    std::string chosen_params = "{}";
    std::string file_sizes;  // SHA-256; empty where they are not known
  };

  static std::optional<Facts> read(const std::filesystem::path& file);
  static void write(const std::filesystem::path& file, const Facts& facts);
  void check(const Facts& then, DataChange allowed, DataChange acceptable, Log* log) const;
  std::optional<DataDifference> difference_from(const Facts& then) const;
  std::string measure_file_sizes() const;

  ComponentUse use_;
  std::unique_ptr<ComponentSlot<Dataset>> slot_;
  std::unique_ptr<OpenDataset> open_;
  DataIdentity identity_;
  std::string file_sizes_;
  RunImages images_;
};

}  // namespace dha
