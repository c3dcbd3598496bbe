#include "run/run_network.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "model/precision.hpp"
#include "process/program_name.hpp"
#include "run/earlier_stages.hpp"
#include "stage/results.hpp"
#include "storage/checkpoint_store.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

// What the data was: the run's file, or the model's own where a run was tidied up.
std::filesystem::path facts_of(const RunDirectory& directory) {
  const std::filesystem::path facts = directory.file(kDatasetFile);
  return std::filesystem::exists(facts) ? facts : directory.file("model") / kDatasetFile;
}

bool trains_one_network(const StageConfig& stage) { return !stage.trials && !stage.pick.each; }

}  // namespace

RunNetwork::RunNetwork(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                       at::Device device, DataChange allowed)
    : directory_(directory),
      pipeline_(config),
      registry_(registry),
      results_(read_results(directory)),
      config_(locate()),
      services_{nullptr, device, config.seed, {}},
      data_(registry, services_, config, facts_of(directory), allowed, DataChange::kSameClasses),
      stage_images_(choose_stage_images(data_.images(), config_, config.seed)),
      network_(open()) {}

// Finds the stage and its checkpoint, and sets progress.
StageConfig RunNetwork::locate() {
  const EarlierStages earlier(directory_, pipeline_, registry_, results_);
  progress_.is_finished = results_.size() == pipeline_.stages.size();
  if (!progress_.is_finished) {
    const StageConfig& next = pipeline_.stages[results_.size()];
    const auto note = [&](const std::string& damage) { damage_.push_back(damage); };
    auto found = trains_one_network(next) ? latest_good_checkpoint(directory_.file("checkpoints"), note, next.name)
                                          : std::nullopt;
    if (found) {
      const Json json = Json::parse(found->state.json);
      const Json& trainer = json.at("trainer");
      progress_.stage = next.name;
      progress_.epochs = trainer.at("epoch");
      progress_.planned_epochs = next.epochs;
      progress_.steps = trainer.at("step");
      const bool is_over = trainer.at("over").get<bool>() && !trainer.at("components_ended").get<bool>();
      progress_.is_decided = is_over || !json.at("network").at("supernet").get<bool>();
      checkpoint_ = std::move(found->state);
      return earlier.config_to_train(next);
    }
    if (results_.empty())
      throw Error(
          ErrorCode::kUsage,
          fmt::format("the run in {0} has left no checkpoint of a network yet; continue it with: {1} resume {0}",
                      directory_.path().string(), program_name()));
  }
  const StageResult& last = results_.back();
  progress_.stage = last.name;
  progress_.epochs = progress_.planned_epochs = last.epochs;
  if (!progress_.is_finished || !has_model(directory_)) checkpoint_ = load_checkpoint(directory_.file(last.checkpoint));
  return earlier.config_as_trained(last.name);
}

std::unique_ptr<TrainedStage> RunNetwork::open() const {
  const StageEnvironment environment{registry_,
                                     services_,
                                     data_.dataset().info(),
                                     weight_type(pipeline_.precision),
                                     pipeline_.channels_last,
                                     count_images(stage_images_)};
  if (!checkpoint_)
    return std::make_unique<TrainedStage>(pipeline_, config_, environment, read_model(directory_.file("model")));
  return std::make_unique<TrainedStage>(pipeline_, config_, data_.images(), environment, *checkpoint_);
}

}  // namespace dha
