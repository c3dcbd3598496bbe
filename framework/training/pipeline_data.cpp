#include "training/pipeline_data.hpp"

#include <nlohmann/json.hpp>

#include "data/class_images.hpp"
#include "data/statistics.hpp"
#include "run/atomic_file.hpp"
#include "run/log.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

// Enough for three digits of a mean; a whole ImageNet would take an hour.
constexpr int64_t kStatisticsImages = 20000;

}  // namespace

PipelineData::PipelineData(const PluginRegistry& registry, const ContextServices& services,
                           const PipelineConfig& config, const std::filesystem::path& cache)
    : slot_(registry, services, config.dataset.component, "dataset"),
      open_(std::make_unique<OpenDataset>(slot_.id(), slot_.shared())) {
  images_ = choose_images(*open_, config.dataset, config.seed);
  const std::string rare = describe_rare_classes(images_.train);
  if (services.log != nullptr && !rare.empty()) services.log->write(LogLevel::kWarning, slot_.id(), rare);
  if (open_->info().mean.empty() || open_->info().standard_deviation.empty()) complete_statistics(config, cache);
}

void PipelineData::complete_statistics(const PipelineConfig& config, const std::filesystem::path& cache) {
  PixelStatistics statistics;
  if (!cache.empty() && std::filesystem::exists(cache)) {
    const Json json = Json::parse(read_file(cache));
    statistics = {json.at("mean"), json.at("standard_deviation")};
  } else {
    statistics = measure_statistics(images_.train, kStatisticsImages, config.loader_threads);
    if (!cache.empty())
      write_file_atomically(
          cache, Json{{"mean", statistics.mean}, {"standard_deviation", statistics.standard_deviation}}.dump(2) + "\n");
  }
  open_->set_statistics(statistics.mean, statistics.standard_deviation);
}

}  // namespace dha
