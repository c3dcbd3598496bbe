#include "run/pipeline_runner.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "component/stage_check.hpp"
#include "device/device_properties.hpp"
#include "dha/error.hpp"
#include "pipeline/pipeline_error.hpp"
#include "run/pipeline_data.hpp"
#include "stage/run_artifacts.hpp"
#include "storage/atomic_file.hpp"
#include "storage/checkpoint_store.hpp"
#include "trial/trial_stage.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

// Trials are judged on validation images.
void check_trials(const PipelineConfig& config, const RunImages& images) {
  ProblemList problems;
  for (const StageConfig& stage : config.stages)
    if (stage.trials && images.validation.empty() && stage.validation_fraction == 0)
      problems.report(stage.trials.place, stage.trials.pointer,
                      fmt::format("judges by validation images, of which the data set has none; set "
                                  "\"validation_fraction\": 0.2 in stage '{}'",
                                  stage.name));
  problems.throw_if_any();
}

}  // namespace

PipelineRunner::PipelineRunner(const PluginRegistry& registry, const PipelineConfig& config, const DeviceChoice& device,
                               Console& console, const RunDirectory& directory)
    : registry_(registry), config_(config), device_(device), console_(console), directory_(directory) {}

std::vector<StageResult> PipelineRunner::run() { return train(false); }

std::vector<StageResult> PipelineRunner::resume() {
  for (const char* folder : {".", "checkpoints", "model"}) remove_abandoned_temporaries(directory_.file(folder));
  return train(true);
}

std::vector<StageResult> PipelineRunner::train(bool resuming) {
  Log log(console_);
  log.open(directory_.file("log.txt"));
  try {
    return train_stages(resuming, log);
  } catch (const Error& error) {
    log.write(LogLevel::kDebug, "dha", std::string("stopped: ") + error.what());  // the console has it from the caller
    throw;
  }
}

std::vector<StageResult> PipelineRunner::train_stages(bool resuming, Log& log) {
  if (!device_.note.empty()) log.write(LogLevel::kInfo, "dha", device_.note);
  if (!has_native_arithmetic(device_.device, config_.precision))
    log.write(LogLevel::kWarning, "dha",
              fmt::format("precision {} is several times slower than fp32 on {}, which has no such arithmetic",
                          config_.precision, device_.device.str()));
  std::vector<StageResult> results;
  std::optional<State> checkpoint;
  if (resuming) checkpoint = find_position(results, log);

  const ContextServices services{&log, device_.device, config_.seed, directory_.file("scratch")};
  const PipelineData data(registry_, services, config_, directory_.file("statistics.json"));
  if (!results.empty()) data.dataset().note_unreadable(results.back().unreadable);
  if (checkpoint) data.dataset().note_unreadable(Json::parse(checkpoint->json).at("unreadable"));
  MetricsWriter metrics(directory_.file("metrics.jsonl"));
  HyperTable hyper_table(directory_.file("hyper.csv"));
  const RunContext scene{registry_,  config_, data.dataset(), data.images(), services,
                         directory_, log,     console_,       metrics,       hyper_table};
  if (results.empty() && !checkpoint) {
    check_trials(config_, scene.images);
    check_stages(config_, registry_, data.dataset().info(), services);
  }
  while (results.size() < config_.stages.size()) {
    const StageConfig& stage = config_.stages[results.size()];
    results.push_back(train_stage(scene, stage, results, checkpoint ? &*checkpoint : nullptr));
    results.back().files = growing_files(directory_);
    results.back().unreadable = data.dataset().unreadable();
    checkpoint.reset();
    write_summary(directory_, config_, device_.device.str(), results);
  }
  if (const size_t count = results.back().unreadable.size(); count > 0)
    log.write(LogLevel::kWarning, "dha",
              fmt::format("{} image{} could not be read and {} left out; log.txt names them", count,
                          count == 1 ? "" : "s", count == 1 ? "was" : "were"));
  return results;
}

// Where to go on: the results of the stages that are done, and the last good checkpoint of the next one, if it has any.
// A stage that is done counts as not done where nothing but its damaged checkpoint tells how to go on.
std::optional<State> PipelineRunner::find_position(std::vector<StageResult>& results, Log& log) const {
  const std::filesystem::path checkpoints = directory_.file("checkpoints");
  results = read_results(directory_);
  std::optional<State> checkpoint;
  const auto report = [&](const std::string& damage) { log.write(LogLevel::kWarning, "checkpoint", damage); };
  while (true) {
    if (results.size() < config_.stages.size())
      if (auto found = latest_good_checkpoint(checkpoints, report, config_.stages[results.size()].name)) {
        log.write(LogLevel::kInfo, "dha", "goes on from " + found->file.lexically_relative(directory_.path()).string());
        checkpoint = std::move(found->state);
      }
    if (checkpoint || results.empty()) break;
    try {
      load_checkpoint(directory_.file(results.back().checkpoint));
      break;
    } catch (const Error& error) {
      report(error.what());
      results.pop_back();
    }
  }
  std::map<std::string, uint64_t> sizes;
  if (checkpoint)
    sizes = Json::parse(checkpoint->json).at("files");
  else if (!results.empty())
    sizes = results.back().files;
  cut_growing_files(directory_, sizes);
  return checkpoint;
}

StageResult PipelineRunner::train_stage(const RunContext& scene, const StageConfig& config,
                                        const std::vector<StageResult>& done, const State* checkpoint) {
  const bool is_last = &config == &config_.stages.back();
  if (config.trials) {
    TrialStage stage(scene, config);
    if (checkpoint != nullptr) stage.resume(*checkpoint);
    return stage.run([&](const StageParts& best) {
      write_learned(directory_, best);
      if (is_last) write_model(directory_, best, scene.dataset.info());
    });
  }
  StageTrainer trainer(scene, config, config.name);
  if (!done.empty()) trainer.follows(directory_.file(done.back().checkpoint));
  if (checkpoint != nullptr) {
    trainer.resume(*checkpoint);
  } else if (config.from.empty()) {
    trainer.begin_afresh();
  } else {
    for (const StageResult& earlier : done)
      if (earlier.name == config.from)
        trainer.begin_from(config_named(config.from), load_checkpoint(directory_.file(earlier.checkpoint)));
  }
  const StageResult result = trainer.train();
  if (is_last) write_model(directory_, trainer.parts(), scene.dataset.info());
  return result;
}

const StageConfig& PipelineRunner::config_named(const std::string& name) const {
  for (const StageConfig& stage : config_.stages)
    if (stage.name == name) return stage;
  throw Error(ErrorCode::kInternal, "no stage is called '" + name + "'");
}

}  // namespace dha
