#include "stage/pipeline_data.hpp"

#include <nlohmann/json.hpp>

#include "data/class_images.hpp"
#include "data/statistics.hpp"
#include "report/log.hpp"
#include "storage/atomic_file.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kStatisticsFormat = "dha.statistics/1";
// Enough for three digits of a mean; a whole ImageNet would take an hour.
constexpr int64_t kStatisticsImages = 20000;

// Empty where there are none, or a file that cannot be used: measuring them again gives the same.
std::optional<PixelStatistics> read_statistics(const std::filesystem::path& file) {
  if (file.empty() || !std::filesystem::exists(file)) return std::nullopt;
  const Json json = Json::parse(read_file(file), nullptr, false);
  try {
    if (json.at("format") != kStatisticsFormat) return std::nullopt;
    return PixelStatistics{json.at("mean"), json.at("standard_deviation")};
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

void write_statistics(const std::filesystem::path& file, const PixelStatistics& statistics) {
  write_file_atomically(file, Json{{"format", kStatisticsFormat},
                                   {"mean", statistics.mean},
                                   {"standard_deviation", statistics.standard_deviation}}
                                      .dump(2) +
                                  "\n");
}

}  // namespace

PipelineData::PipelineData(const PluginRegistry& registry, const ContextServices& services,
                           const PipelineConfig& config, const std::filesystem::path& cache)
    : slot_(registry, services, config.dataset.component, "dataset"),
      open_(std::make_unique<OpenDataset>(slot_.id(), slot_.object())) {
  images_ = choose_images(*open_, config.dataset, config.seed);
  const std::string rare = describe_rare_classes(images_.train);
  if (services.log != nullptr && !rare.empty()) services.log->write(LogLevel::kWarning, slot_.id(), rare);
  if (open_->info().mean.empty() || open_->info().standard_deviation.empty()) complete_statistics(config, cache);
}

void PipelineData::complete_statistics(const PipelineConfig& config, const std::filesystem::path& cache) {
  std::optional<PixelStatistics> statistics = read_statistics(cache);
  if (!statistics) {
    statistics = measure_statistics(images_.train, kStatisticsImages, config.loader_threads);
    if (!cache.empty()) write_statistics(cache, *statistics);
  }
  open_->set_statistics(statistics->mean, statistics->standard_deviation);
}

}  // namespace dha
