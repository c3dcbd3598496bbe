#include "run/run_network.hpp"

#include <fmt/format.h>

#include <utility>

#include "dha/error.hpp"
#include "model/precision.hpp"
#include "process/long_work.hpp"

namespace dha {

namespace {

// What the data was: the run's file, or the model's own where a run was tidied up.
std::filesystem::path facts_of(const RunDirectory& directory, const LocatedNetwork& located) {
  const std::filesystem::path facts = directory.file(kDatasetFile);
  if (std::filesystem::exists(facts)) return facts;
  return (located.model() ? located.model_folder() : directory.file("model")) / kDatasetFile;
}

}  // namespace

RunNetwork::RunNetwork(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                       at::Device device, DataChange allowed, Weights weights, OpenData when)
    : RunNetwork(directory, config, registry, device, allowed, LocatedNetwork(directory, config, registry, weights),
                 when) {}

RunNetwork::RunNetwork(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                       at::Device device, DataChange allowed, LocatedNetwork located, OpenData when)
    : pipeline_(config),
      registry_(registry),
      allowed_(allowed),
      located_(std::move(located)),
      facts_(facts_of(directory, located_)),
      config_(located_.config()),
      services_{nullptr, device, config.seed, {}},
      input_(read_input(when)),
      network_(open()) {}

void RunNetwork::open_data() {
  data_ = std::make_unique<PipelineData>(registry_, services_, pipeline_, facts_, allowed_, DataChange::kSameClasses);
}

void RunNetwork::open_data_for(const char* purpose) try { open_data(); } catch (const Error& error) {
  if (error.code() != ErrorCode::kData) throw;
  throw Error(ErrorCode::kData, fmt::format("the data set is needed to {}: {}", purpose, error.what()));
}

ModelInput RunNetwork::read_input(OpenData when) {
  if (when == OpenData::kIfNeeded)
    if (auto known = known_model_input(registry_, services_, pipeline_.dataset.component, facts_))
      return std::move(*known);
  if (when == OpenData::kAtOnce)
    open_data();
  else
    open_data_for("find the classes and the size of its images");
  return model_input(data_->dataset());
}

std::unique_ptr<TrainedStage> RunNetwork::open() {
  const LongWork work("opening the network");
  const StageEnvironment environment{registry_,
                                     services_,
                                     input_.info,
                                     weight_type(pipeline_.precision),
                                     pipeline_.channels_last,
                                     data_ ? count_images(stage_images()) : StageImageCounts()};
  try {
    if (const auto& model = located_.model())
      return std::make_unique<TrainedStage>(pipeline_, config_, environment, *model);
  } catch (const Error& error) {
    throw misfit(located_.model_folder(), error);
  }
  const auto images = [this]() -> const RunImages& {
    if (!data_) open_data_for("recompute the running statistics of the network, which the checkpoint lacks");
    return data_->images();
  };
  return std::make_unique<TrainedStage>(pipeline_, config_, images, environment, *located_.checkpoint());
}

void RunNetwork::write_model(const std::filesystem::path& folder, Log& log) const {
  network_->write_model(folder, {pipeline_, facts_, input_, progress()}, log);
}

}  // namespace dha
