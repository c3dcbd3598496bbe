#include "run/run_network.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "model/precision.hpp"
#include "process/long_work.hpp"
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

Json unfinished_json(const RunProgress& progress) {
  return {{"stage", progress.stage},
          {"epochs", progress.epochs},
          {"planned_epochs", progress.planned_epochs},
          {"steps", progress.steps},
          {"architecture_decided", progress.is_decided}};
}

RunNetwork::RunNetwork(const RunDirectory& directory, const PipelineConfig& config, const PluginRegistry& registry,
                       at::Device device, DataChange allowed, Weights weights)
    : directory_(directory),
      pipeline_(config),
      registry_(registry),
      results_(read_results(directory)),
      config_(locate(weights)),
      services_{nullptr, device, config.seed, {}},
      data_(registry, services_, config, facts_of(directory), allowed, DataChange::kSameClasses),
      stage_images_(choose_stage_images(data_.images(), config_, config.seed)),
      network_(open()) {}

// Finds the stage and its checkpoint, and sets progress.
StageConfig RunNetwork::locate(Weights weights) {
  const EarlierStages earlier(directory_, pipeline_, registry_, results_);
  progress_.is_finished = results_.size() == pipeline_.stages.size();
  progress_.weights = weights;
  return weights == Weights::kBest ? locate_best(earlier) : locate_last(earlier);
}

StageConfig RunNetwork::locate_last(const EarlierStages& earlier) {
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
    if (results_.empty() && has_model(directory_))
      throw Error(
          ErrorCode::kUsage,
          fmt::format("the run in {0} was tidied up: without stages.json and checkpoints, its model/ can only be "
                      "used by predict; copy them back, or classify images with: {1} predict {0} IMAGES",
                      directory_.path().string(), program_name()));
    if (results_.empty())
      throw Error(
          ErrorCode::kUsage,
          fmt::format("the run in {0} has left no checkpoint of a network yet; continue it with: {1} resume {0}",
                      directory_.path().string(), program_name()));
  }
  const StageResult& last = results_.back();
  progress_.stage = last.name;
  progress_.epochs = progress_.planned_epochs = last.epochs;
  if (!progress_.is_finished || !has_model(directory_)) {
    if (!std::filesystem::exists(directory_.file(last.checkpoint)))
      throw Error(
          ErrorCode::kUsage,
          fmt::format("the run in {0} was tidied up: it has no {1} and no complete model/; copy either back, or "
                      "repeat the run with: {2} run {0}/pipeline.json",
                      directory_.path().string(), last.checkpoint, program_name()));
    checkpoint_ = load_checkpoint(directory_.file(last.checkpoint));
  }
  return earlier.config_as_trained(last.name);
}

// That of the stage under way or, of a finished run, of the last one.
StageConfig RunNetwork::locate_best(const EarlierStages& earlier) {
  const StageConfig& stage = progress_.is_finished ? pipeline_.stages.back() : pipeline_.stages[results_.size()];
  const std::filesystem::path file = best_checkpoint(directory_.file("checkpoints"), stage.name);
  if (!std::filesystem::exists(file)) throw no_best(stage);
  checkpoint_ = load_checkpoint(file);
  const Json json = Json::parse(checkpoint_->json);
  progress_.stage = stage.name;
  progress_.epochs = json.at("trainer").at("epoch").get<int64_t>() + 1;  // it was saved at the epoch's end
  progress_.planned_epochs = stage.epochs;
  progress_.is_decided = !json.at("network").at("supernet").get<bool>() || progress_.is_finished;
  if (!progress_.is_finished) return earlier.config_to_train(stage);
  if (const auto& best = results_.back().measurements.best_epoch; best != progress_.epochs)
    throw Error(ErrorCode::kData,
                fmt::format("{} is of epoch {}, but the best one of stage '{}' is {}; use --weights last",
                            file.string(), progress_.epochs, stage.name, best ? fmt::format("{}", *best) : "unknown"));
  return earlier.config_as_trained(stage.name);
}

// Why there is no checkpoint of a best epoch.
Error RunNetwork::no_best(const StageConfig& stage) const {
  if (!trains_one_network(stage))
    return {ErrorCode::kUsage, fmt::format("stage '{}' trains trials, and the best epochs of trials are not kept; use "
                                           "--weights last",
                                           stage.name)};
  if (stage.name != pipeline_.stages.back().name)
    return {ErrorCode::kUsage, fmt::format("the run is in stage '{}', and the best epoch is kept of the last stage "
                                           "only, '{}'; continue the run or use --weights last",
                                           stage.name, pipeline_.stages.back().name)};
  if (!progress_.is_finished)
    return {ErrorCode::kUsage,
            fmt::format("stage '{}' has no best epoch yet, because none was measured on validation images; continue "
                        "the run (if the data set has no validation images, start one with a validation_fraction) or "
                        "use --weights last",
                        stage.name)};
  if (const auto& best = results_.back().measurements.best_epoch)
    return {ErrorCode::kData,
            fmt::format("the checkpoint of epoch {}, the best one of stage '{}', is not there: {}; "
                        "use --weights last or repeat the run",
                        *best, stage.name, best_checkpoint(directory_.file("checkpoints"), stage.name).string())};
  return {ErrorCode::kUsage, fmt::format("stage '{}' has no best epoch, because there were no validation images; start "
                                         "a run with a validation_fraction or use --weights last",
                                         stage.name)};
}

std::unique_ptr<TrainedStage> RunNetwork::open() const {
  const LongWork work("opening the network");
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

void RunNetwork::write_model(const std::filesystem::path& folder, Log& log) const {
  network_->write_model(folder, facts_of(directory_), data_.dataset(), log);
}

}  // namespace dha
