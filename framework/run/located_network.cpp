#include "run/located_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "process/program_name.hpp"
#include "run/earlier_stages.hpp"
#include "stage/model_components.hpp"
#include "stage/results.hpp"
#include "storage/checkpoint_store.hpp"
#include "storage/model_folder.hpp"

namespace dha {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

namespace {

constexpr const char* kLastFolder = "model";
constexpr const char* kBestFolder = "model_best";

bool trains_one_network(const StageConfig& stage) { return !stage.trials && !stage.pick.each; }

bool has_model(const fs::path& folder) {
  std::error_code unknown;
  return fs::exists(folder / kModelFile, unknown) && is_decided(read_model_description(folder));
}

// Whether a model/ of `origin` has the weights of `wanted`. One of an earlier version does not say: that is the last of
// a finished run, unless someone has put another there.
bool is_of(const std::optional<RunProgress>& origin, const RunProgress& wanted) {
  if (!origin) return wanted.is_finished && wanted.weights == Weights::kLast;
  return origin->is_finished == wanted.is_finished && origin->weights == wanted.weights &&
         origin->stage == wanted.stage && origin->epochs == wanted.epochs && origin->steps == wanted.steps;
}

std::string in_words(const RunProgress& origin) {
  return origin.weights == Weights::kBest ? fmt::format("the best epoch, {}", origin.epochs)
                                          : fmt::format("the last epoch, {}", origin.epochs);
}

// Whether nothing is left of the run but a model/ of a decided network.
bool is_tidied_up(const RunDirectory& directory, const PipelineConfig& config) {
  return !has_traces(directory, config) &&
         (has_model(directory.file(kLastFolder)) || has_model(directory.file(kBestFolder)));
}

}  // namespace

bool has_traces(const RunDirectory& directory, const PipelineConfig& config) {
  std::error_code unknown;
  if (fs::exists(directory.file("stages.json"), unknown)) return true;
  return std::any_of(config.stages.begin(), config.stages.end(), [&](const StageConfig& stage) {
    return fs::exists(directory.file("stages") / stage.name, unknown) ||
           !checkpoints_of(directory.file("checkpoints"), stage.name).empty();
  });
}

LocatedNetwork::LocatedNetwork(const RunDirectory& directory, const PipelineConfig& config,
                               const PluginRegistry& registry, Weights weights)
    : directory_(directory),
      pipeline_(config),
      registry_(registry),
      results_(read_results(directory, config)),
      is_tidied_(is_tidied_up(directory, config)) {
  progress_.is_finished = results_.size() == config.stages.size();
  progress_.weights = weights;
  if (is_tidied_)
    locate_tidied();
  else if (weights == Weights::kBest)
    locate_best();
  else
    locate_last();
}

void LocatedNetwork::locate_last() {
  if (!progress_.is_finished) {
    if (find_newest_checkpoint()) return;
    if (results_.empty())
      throw Error(
          ErrorCode::kUsage,
          fmt::format("the run in {0} has left no checkpoint of a network yet; continue it with: {1} resume {0}",
                      directory_.path().string(), program_name()));
  }
  const StageResult& last = results_.back();
  progress_.stage = last.name;
  progress_.epochs = progress_.planned_epochs = last.epochs;
  if (progress_.is_finished && take_model(directory_.file(kLastFolder))) return;
  take_checkpoint(directory_.file(last.checkpoint));
}

// Of the stage under way.
bool LocatedNetwork::find_newest_checkpoint() {
  const StageConfig& next = pipeline_.stages[results_.size()];
  if (!trains_one_network(next)) return false;
  const auto note = [&](const std::string& damage) { damage_.push_back(damage); };
  auto found = latest_good_checkpoint(directory_.file("checkpoints"), note, next.name);
  if (!found) return false;
  const Json json = Json::parse(found->state.json);
  const Json& trainer = json.at("trainer");
  progress_.stage = next.name;
  progress_.epochs = trainer.at("epoch");
  progress_.planned_epochs = next.epochs;
  progress_.steps = trainer.at("step");
  const bool is_over = trainer.at("over").get<bool>() && !trainer.at("components_ended").get<bool>();
  progress_.is_decided = is_over || !json.at("network").at("supernet").get<bool>();
  checkpoint_ = std::move(found->state);
  return true;
}

// That of the stage under way or, of a finished run, of the last one.
void LocatedNetwork::locate_best() {
  const StageConfig& stage = progress_.is_finished ? pipeline_.stages.back() : pipeline_.stages[results_.size()];
  const fs::path file = best_checkpoint(directory_.file("checkpoints"), stage.name);
  progress_.stage = stage.name;
  progress_.planned_epochs = stage.epochs;
  // Epochs count from 1.
  const int64_t best = progress_.is_finished ? results_.back().measurements.best_epoch.value_or(0) : 0;
  if (!fs::exists(file)) {
    progress_.epochs = best;
    if (best > 0 && take_model(directory_.file(kBestFolder))) return;
    throw no_best(stage);
  }
  take_checkpoint(file);
  const Json json = Json::parse(checkpoint_->json);
  progress_.epochs = json.at("trainer").at("epoch").get<int64_t>() + 1;  // it was saved at the epoch's end
  progress_.is_decided = !json.at("network").at("supernet").get<bool>() || progress_.is_finished;
  if (progress_.is_finished && best != progress_.epochs)
    throw Error(ErrorCode::kData,
                fmt::format("{} is of epoch {}, but the best one of stage '{}' is {}; use --weights last",
                            file.string(), progress_.epochs, stage.name, best > 0 ? std::to_string(best) : "unknown"));
}

void LocatedNetwork::locate_tidied() {
  std::vector<const char*> folders{kLastFolder};
  if (progress_.weights == Weights::kBest) folders.insert(folders.begin(), kBestFolder);
  std::optional<RunProgress> other;
  for (const char* name : folders) {
    const fs::path folder = directory_.file(name);
    if (!has_model(folder)) continue;
    RunProgress usual;
    usual.is_finished = true;
    usual.stage = pipeline_.stages.back().name;
    usual.epochs = usual.planned_epochs = pipeline_.stages.back().epochs;
    const RunProgress found = origin_of(read_model_description(folder), folder).value_or(usual);
    if (found.weights == progress_.weights) {
      progress_ = found;
      model_folder_ = folder;
      model_ = read_model(folder);
      return;
    }
    other = found;
  }
  if (!other)
    throw Error(ErrorCode::kUsage,
                fmt::format("nothing is left of the run in {0} but {0}/{1}/, which has the weights of the best epoch; "
                            "use --weights best",
                            directory_.path().string(), kBestFolder));
  throw Error(ErrorCode::kUsage,
              fmt::format("nothing is left of the run in {0} but {0}/{1}/, which has the weights of {2}; use "
                          "--weights {3}",
                          directory_.path().string(), kLastFolder, in_words(*other), name_of(other->weights)));
}

// Whether the model in `folder` has the weights that are wanted. Where it is damaged, a checkpoint may have them.
bool LocatedNetwork::take_model(const fs::path& folder) {
  try {
    if (!has_model(folder)) return false;
    if (!is_of(origin_of(read_model_description(folder), folder), progress_)) return false;
    model_ = read_model(folder);
    model_folder_ = folder;
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kData) throw;
    damage_.push_back(error.what());
    return false;
  }
}

void LocatedNetwork::take_checkpoint(const fs::path& file) {
  std::error_code unknown;
  if (!damage_.empty() && !fs::exists(file, unknown))
    throw Error(ErrorCode::kData,
                fmt::format("{}; the checkpoint {} is not there either", damage_.back(), file.string()));
  if (!fs::exists(file, unknown))
    throw Error(ErrorCode::kData,
                fmt::format("neither model/ nor a checkpoint has the weights of stage '{}' after {} epochs: {} is not "
                            "there; copy the run again or repeat it",
                            progress_.stage, progress_.epochs, file.string()));
  try {
    checkpoint_ = load_checkpoint(file);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kIo) throw;
    throw Error(ErrorCode::kData, error.what());
  }
}

// Why there is no checkpoint of a best epoch.
Error LocatedNetwork::no_best(const StageConfig& stage) const {
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

StageConfig LocatedNetwork::config() const {
  if (is_tidied_) {
    StageConfig config = pipeline_.stages.back();
    for (const StageConfig& stage : pipeline_.stages)
      if (stage.name == progress_.stage) config = stage;
    // With the settings of trials that are gone.
    config.space = read_space_of_model(read_model_description(model_folder_).at("space"), registry_);
    return config;
  }
  const EarlierStages earlier(directory_, pipeline_, registry_, results_);
  const bool is_over = std::any_of(results_.begin(), results_.end(),
                                   [&](const StageResult& one) { return one.name == progress_.stage; });
  if (is_over) return earlier.config_as_trained(progress_.stage);
  return earlier.config_to_train(pipeline_.stages[results_.size()]);
}

}  // namespace dha
