#include "trial/trial_stage.hpp"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "dha/error.hpp"
#include "stage/run_artifacts.hpp"
#include "storage/checkpoint_store.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

std::string trial_place(const std::string& stage, int64_t id) { return fmt::format("{}/trial-{}", stage, id); }

// What config_of() and the searcher's calls need; the rest of a trial is in the state of its training.
Json to_json(const Trial& trial) {
  return {{"id", trial.id},
          {"architecture", trial.architecture},
          {"settings", trial.settings},
          {"first_epoch", trial.first_epoch}};
}

Trial trial_from(const Json& json) {
  Trial trial;
  trial.id = json.at("id");
  trial.architecture = json.at("architecture");
  trial.settings = json.at("settings");
  trial.first_epoch = json.at("first_epoch");
  return trial;
}

}  // namespace

TrialStage::TrialStage(const RunContext& scene, const StageConfig& config)
    : scene_(scene), config_(config), parts_(config, environment_of(scene)) {}

void TrialStage::resume(const State& checkpoint) {
  const Json json = Json::parse(checkpoint.json).at("trials");
  done_ = json.at("done");
  seconds_ = json.at("seconds");
  State state;
  state.json = json.at("state");
  std::map<std::string, at::Tensor> context;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    if (name.starts_with("trials/")) state.tensors[name.substr(7)] = tensor;
    if (name.starts_with("trials.context/")) context[name.substr(15)] = tensor;
  }
  parts_.searcher.call("restore", [&](TrialSearcher& searcher) { searcher.restore(state); });
  parts_.searcher.context().restore(context);
  if (json.contains("under_way")) under_way_ = checkpoint;
}

State TrialStage::trained(const Trial& best) const try {
  return load_checkpoint(stage_checkpoint(scene_.directory, trial_place(config_.name, best.id), 0));
} catch (const Error& error) {
  throw Error(error.code(), fmt::format("stage '{}': the weights of trial {}, which is the best, are lost, and the run "
                                        "cannot go on without them; run its pipeline again ({})",
                                        config_.name, best.id, error.what()));
}

StageResult TrialStage::run(const std::function<void(const StageParts& best)>& leave) {
  if (done_ == 0 && !under_way_) save();  // a run that ends early in the first trial goes on from here
  while (const std::optional<Trial> trial = next_trial()) {
    const TrialOutcome outcome = train(*trial);
    parts_.searcher.call("tell", [&](TrialSearcher& searcher) { searcher.tell(outcome); });
    ++done_;
    write_report();
    save();
    drop_weights();
  }
  const std::optional<Trial> best =
      parts_.searcher.call("best", [](TrialSearcher& searcher) { return searcher.best(); });
  if (!best)
    throw Error(ErrorCode::kDiverged, fmt::format("stage '{}': none of its {} trials finished; log.txt has the reasons",
                                                  config_.name, done_));
  StageTrainer trainer(scene_, config_of(*best), trial_place(config_.name, best->id));
  trainer.resume(trained(*best));
  const double before = trainer.train().seconds;  // nothing is left to train
  StageResult result = trainer.test_chosen_trial();
  result.name = config_.name;
  result.seconds += seconds_ - before;
  leave(trainer.parts());
  return result;
}

std::optional<Trial> TrialStage::next_trial() {
  if (under_way_) return trial_from(Json::parse(under_way_->json).at("trials").at("under_way"));
  if (done_ >= config_.trial_count || parts_.searcher.call("finished", [](TrialSearcher& s) { return s.finished(); }))
    return std::nullopt;
  return parts_.searcher.call("ask", [](TrialSearcher& searcher) { return searcher.ask(); });
}

// Removes the weights of trials that neither the searcher nor the result needs.
void TrialStage::drop_weights() const {
  const std::optional<Trial> best =
      parts_.searcher.call("best", [](TrialSearcher& searcher) { return searcher.best(); });
  for (int64_t id = 0; id < done_; ++id) {
    if (best && best->id == id) continue;
    if (parts_.searcher.call("needs_weights", [&](TrialSearcher& s) { return s.needs_weights(id); })) continue;
    std::error_code already_gone;
    std::filesystem::remove(stage_checkpoint(scene_.directory, trial_place(config_.name, id), 0), already_gone);
  }
}

void TrialStage::write_report() {
  const std::string report = parts_.searcher.call("report", [](TrialSearcher& searcher) { return searcher.report(); });
  scene_.metrics.write(
      {{"event", "trial"}, {"stage", config_.name}, {"done", done_}, {"searcher", Json::parse(report)}});
}

void TrialStage::save() const {
  const std::filesystem::path file = checkpoint_file();
  save_checkpoint(file, with_searcher({}));
  if (scene_.config.keep_checkpoints > 0) remove_old_checkpoints(file.parent_path(), scene_.config.keep_checkpoints);
}

// `state` and that of the searcher.
State TrialStage::with_searcher(State state) const {
  const State searcher = parts_.searcher.call("state", [](TrialSearcher& s) { return s.state(); });
  for (const auto& [name, tensor] : searcher.tensors) state.tensors["trials/" + name] = tensor;
  for (const auto& [name, tensor] : parts_.searcher.context().state()) state.tensors["trials.context/" + name] = tensor;
  Json json = Json::parse(state.json);
  json["files"] = growing_files(scene_.directory);
  json["unreadable"] = scene_.dataset.unreadable();
  json["trials"]["done"] = done_;
  json["trials"]["seconds"] = seconds_;
  json["trials"]["state"] = searcher.json;
  state.json = json.dump();
  return state;
}

std::filesystem::path TrialStage::checkpoint_file() const {
  return stage_checkpoint(scene_.directory, config_.name, done_);
}

StageConfig TrialStage::config_of(const Trial& trial) const {
  StageConfig config = with_settings(config_, trial.settings, scene_.registry);
  config.trials = {};
  return config;
}

// `under_way`: the checkpoint within the trial to go on from, or null.
void TrialStage::begin(StageTrainer& trainer, const Trial& trial, const State* under_way) const {
  trainer.save_within([this, trial](const State& training, int64_t steps_done) {
    const std::filesystem::path file = stage_checkpoint(scene_.directory, config_.name, done_, steps_done);
    State state = with_searcher(training);
    Json json = Json::parse(state.json);
    json["trials"]["under_way"] = to_json(trial);
    json["trials"]["file"] = file.lexically_relative(scene_.directory.path()).string();
    state.json = json.dump();
    save_checkpoint(file, state);
    return file;
  });
  if (under_way != nullptr) {
    trainer.resume(*under_way);
    trainer.follows(scene_.directory.file(Json::parse(under_way->json).at("trials").at("file")));
    return;
  }
  trainer.follows(checkpoint_file());
  std::optional<State> parent;
  if (trial.start_from)
    parent = load_checkpoint(stage_checkpoint(scene_.directory, trial_place(config_.name, *trial.start_from), 0));
  trainer.begin_trial(trial, config_, parent ? &*parent : nullptr);
}

TrialOutcome TrialStage::train(const Trial& trial) {
  TrialOutcome outcome;
  outcome.id = trial.id;
  const std::optional<State> under_way = std::exchange(under_way_, std::nullopt);
  const auto begun = std::chrono::steady_clock::now();
  const double before = under_way ? Json::parse(under_way->json).at("trainer").at("seconds").get<double>() : 0;
  try {
    StageTrainer trainer(scene_, config_of(trial), trial_place(config_.name, trial.id));
    begin(trainer, trial, under_way ? &*under_way : nullptr);
    const StageResult result = trainer.train([&](const EpochOutcome& epoch) {
      return parts_.searcher.call("keep_going", [&](TrialSearcher& s) { return s.keep_going(trial.id, epoch); });
    });
    outcome.status = trainer.was_stopped() ? TrialStatus::kStopped : TrialStatus::kFinished;
    outcome.epochs = result.epochs - trial.first_epoch;
    outcome.seconds = result.seconds;
    outcome.cost = result.cost;
    if (result.validation) {
      outcome.validation_accuracy = result.validation->accuracy;
      outcome.validation_loss = result.validation->loss;
    }
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kCancelled || error.code() == ErrorCode::kIo || error.code() == ErrorCode::kData)
      throw;
    outcome.status = TrialStatus::kFailed;
    scene_.log.write(LogLevel::kWarning, config_.trials.id, fmt::format("trial {} failed: {}", trial.id, error.what()));
  }
  seconds_ += before + std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return outcome;
}

}  // namespace dha
