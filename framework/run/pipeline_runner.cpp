#include "run/pipeline_runner.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "component/stage_check.hpp"
#include "component/trial_parts.hpp"
#include "device/device_properties.hpp"
#include "dha/error.hpp"
#include "pipeline/pipeline_error.hpp"
#include "process/long_work.hpp"
#include "process/signals.hpp"
#include "process/time_limit.hpp"
#include "report/growing_files.hpp"
#include "run/earlier_stages.hpp"
#include "stage/pipeline_data.hpp"
#include "stage/results.hpp"
#include "stage/stage_trainer.hpp"
#include "stage/stage_work.hpp"
#include "storage/atomic_file.hpp"
#include "storage/checkpoint_store.hpp"
#include "storage/run_end.hpp"
#include "storage/run_lock.hpp"
#include "trial/outcome_fan_out.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

// Logs one line about the settings of trials that the stage takes, if trials found any.
void report_settings(Log& log, const StageConfig& config, const EarlierStages& stages, const TakenSettings& taken) {
  const Json settings = Json::parse(taken.settings);
  if (settings.empty() && taken.left_out.empty()) return;
  std::string values;
  for (const auto& [pointer, value] : settings.items())
    values += fmt::format("{}{} = {}", values.empty() ? "" : ", ", pointer, value.dump());
  const StageResult& earlier = stages.result(config.from);
  const auto index = static_cast<size_t>(config.pick.index.value_or(0));
  const std::string source = earlier.outcomes.empty()
                                 ? fmt::format("stage '{}'", config.from)
                                 : fmt::format("trial {} of stage '{}'", earlier.outcomes[index].trial, config.from);
  const std::string left_out =
      taken.left_out.empty() ? "" : fmt::format("; not taken: {}", fmt::join(taken.left_out, ", "));
  log.write(LogLevel::kInfo, "dha",
            fmt::format("stage '{}' takes {} from {}{}", config.name, values.empty() ? "no setting" : values, source,
                        left_out));
}

// Checks the stages on the data, and logs what the user should know of them.
void report_remarks(const RunContext& run) {
  const LongWork work("checking the stages");
  for (const std::string& remark :
       check_stages(run.config, run.registry, run.dataset.info(), &run.images, run.services))
    run.log.write(LogLevel::kInfo, "dha", remark);
}

std::string_view reason_of(const Error& error) {
  if (error.code() == ErrorCode::kDiverged) return run_end::kDiverged;
  if (error.code() != ErrorCode::kCancelled) return run_end::kFailed;
  return stop_reason() == StopReason::kTime ? run_end::kTime : run_end::kInterrupted;
}

// The error that ended the run matters more than one of writing the file.
void record_end(const RunDirectory& directory, const Error& error, Log& log) {
  try {
    write_run_end(directory.path(), {std::string(reason_of(error)), error.what()});
  } catch (const Error& failure) {
    log.write(LogLevel::kWarning, "dha", failure.what());
  }
}

}  // namespace

PipelineRunner::PipelineRunner(const PluginRegistry& registry, const PipelineConfig& config, const DeviceChoice& device,
                               const TrialLaunch& launch, Console& console, const RunDirectory& directory)
    : registry_(registry),
      config_(config),
      device_(device),
      launch_(launch),
      console_(console),
      directory_(directory) {}

std::vector<StageResult> PipelineRunner::run() { return train(std::nullopt); }

std::vector<StageResult> PipelineRunner::resume(DataChange allowed) { return train(allowed); }

std::vector<StageResult> PipelineRunner::train(std::optional<DataChange> resuming) {
  const RunLock lock(directory_);
  if (resuming) {
    std::vector<StageResult> results = read_results(directory_, config_);
    if (results.size() == config_.stages.size()) {
      console_.line("the run has finished; --set stages.NAME.epochs=N trains it longer");
      return results;
    }
    std::filesystem::create_directories(directory_.file("checkpoints"));
    for (const char* folder : {".", "checkpoints", "model"}) remove_abandoned_temporaries(directory_.file(folder));
  }
  remove_run_end(directory_.path());
  Log log(console_);
  log.open(directory_.file("log.txt"));
  RunReport report(directory_, config_, log);
  try {
    std::vector<StageResult> results = train_stages(resuming, log, report);
    report.finish();
    return results;
  } catch (const Error& error) {
    log.write(LogLevel::kDebug, "dha", std::string("stopped: ") + error.what());  // the console has it from the caller
    record_end(directory_, error, log);
    report.interrupt();
    throw;
  }
}

std::vector<StageResult> PipelineRunner::train_stages(std::optional<DataChange> resuming, Log& log, RunReport& report) {
  // The console has the device from the caller.
  log.write(LogLevel::kDebug, "dha",
            fmt::format("device {}{}{}", in_words(device_), device_.looked_for.empty() ? "" : "; looked for ",
                        device_.looked_for));
  if (!has_native_arithmetic(device_.device, config_.precision))
    log.write(LogLevel::kWarning, "dha",
              fmt::format("precision {} is several times slower than fp32 on {}, which does not support it",
                          config_.precision, device_.device.str()));
  const auto begun = std::chrono::steady_clock::now();
  std::vector<StageResult> results;
  std::optional<State> checkpoint;
  if (resuming) checkpoint = find_position(results, log);

  const ContextServices services{&log, device_.device, config_.seed, directory_.file("scratch")};
  const PipelineData data(registry_, services, config_, directory_.file(kDatasetFile),
                          resuming.value_or(DataChange::kNone));
  if (!results.empty()) data.dataset().note_unreadable(results.back().unreadable);
  if (checkpoint) data.dataset().note_unreadable(Json::parse(checkpoint->json).at("unreadable"));
  MetricsWriter metrics(directory_.file("metrics.jsonl"));
  HyperTable hyper_table(directory_.file("hyper.csv"));
  std::optional<RunEvents> events;
  if (config_.tensorboard) events.emplace(directory_, config_);
  RunTimeEstimate estimate(planned_work(config_, data.images()));
  const RunContext context{registry_,
                           config_,
                           data.dataset(),
                           data.images(),
                           services,
                           directory_,
                           log,
                           console_,
                           metrics,
                           hyper_table,
                           events ? &*events : nullptr,
                           [&] { report.advance(); },
                           &estimate};
  try {
    if (results.empty() && !checkpoint) report_remarks(context);
    note_duration(TimedWork::kOpening, std::chrono::steady_clock::now() - begun);
    report.advance();
    train_remaining(context, results, checkpoint);
  } catch (...) {
    if (events && caught_error(ErrorCode::kInternal).code() != ErrorCode::kCancelled) events->fail();
    throw;
  }
  const size_t count = results.back().unreadable.size() + static_cast<size_t>(results.back().unreadable_at_open);
  if (count > 0)
    log.write(LogLevel::kWarning, "dha",
              fmt::format("{} image{} could not be read and {} left out; log.txt names them", count,
                          count == 1 ? "" : "s", count == 1 ? "was" : "were"));
  return results;
}

// The stages that `results` lacks; `checkpoint` is of the first of them.
void PipelineRunner::train_remaining(const RunContext& run, std::vector<StageResult>& results,
                                     std::optional<State>& checkpoint) const {
  while (results.size() < config_.stages.size()) {
    if (run.events) {
      int64_t steps = 0;
      for (const StageResult& result : results) steps += result.steps;
      run.events->begin_stage(steps);
    }
    run.estimate->begin_stage(results.size());
    results.push_back(train_stage(run, config_.stages[results.size()], results, checkpoint ? &*checkpoint : nullptr));
    results.back().files = growing_files(directory_);
    results.back().unreadable = run.dataset.unreadable();
    results.back().unreadable_at_open = run.dataset.unreadable_at_open();
    checkpoint.reset();
    if (run.events && results.size() == config_.stages.size()) run.events->finish();
    write_results(directory_, config_, device_.device.str(), results);
  }
}

// Where a run that has not finished continues: the results of the stages that are done, and the last good checkpoint of
// the next one, if it has any. A stage that is done counts as not done where nothing but its damaged checkpoint tells
// how to go on.
std::optional<State> PipelineRunner::find_position(std::vector<StageResult>& results, Log& log) const {
  const std::filesystem::path checkpoints = directory_.file("checkpoints");
  results = read_results(directory_, config_);
  std::optional<State> checkpoint;
  const auto report = [&](const std::string& damage) { log.write(LogLevel::kWarning, "checkpoint", damage); };
  while (true) {
    if (auto found = latest_good_checkpoint(checkpoints, report, config_.stages[results.size()].name)) {
      log.write(LogLevel::kInfo, "dha", "continues from " + found->file.lexically_relative(directory_.path()).string());
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

StageResult PipelineRunner::train_stage(const RunContext& run, const StageConfig& config,
                                        const std::vector<StageResult>& done, const State* checkpoint) const {
  if (config.pick.each) return train_each(run, config, done);
  const EarlierStages earlier(directory_, config_, registry_, done);
  const TakenSettings taken = earlier.settings(config);
  const bool begins = checkpoint == nullptr && !std::filesystem::exists(directory_.file("stages") / config.name);
  if (begins) report_settings(run.log, config, earlier, taken);
  const StageConfig effective = with_settings(config, taken.settings, registry_);
  StageResult result =
      config.trials ? train_trials(run, effective, done) : train_network(run, effective, done, checkpoint);
  // A later stage takes them on, together with what trials of this stage found.
  result.settings = merged_settings(taken.settings, result.settings);
  for (StageOutcome& outcome : result.outcomes) outcome.settings = merged_settings(taken.settings, outcome.settings);
  return result;
}

StageResult PipelineRunner::train_network(const RunContext& run, const StageConfig& config,
                                          const std::vector<StageResult>& done, const State* checkpoint) const {
  StageTrainer trainer(run, config, config.name);
  if (!done.empty()) trainer.set_fallback_checkpoint(directory_.file(done.back().checkpoint));
  if (checkpoint != nullptr)
    trainer.resume(*checkpoint);
  else if (done.empty() && !config_.initial_weights.empty())
    trainer.begin_with(read_model(directory_.file(kInitialFolder)), config_.initial_weights);
  else if (config.from.empty())
    trainer.begin_afresh();
  else
    trainer.begin_from(EarlierStages(directory_, config_, registry_, done).origin(config));
  if (config.name == config_.stages.back().name) {
    trainer.leave_model();
    trainer.keep_best_epoch();
  }
  trainer.show_augmentation();
  return trainer.train();
}

StageResult PipelineRunner::train_trials(const RunContext& run, const StageConfig& config,
                                         const std::vector<StageResult>& done) const {
  const EarlierStages earlier(directory_, config_, registry_, done);
  std::string architecture;
  if (config.carries("architecture"))
    architecture = Json::parse(earlier.origin(config).state.json).at("derived").get<std::string>();
  TrialParts parts(config, environment_of(run, config), architecture);
  TrialStage stage(run, config, parts.searcher(), parts.stage(), launch_,
                   [&](const Trial& trial) { return earlier.trial_origin(*trial.start); });
  return stage.run(config.name == config_.stages.back().name);
}

// As a stage of trials, one per outcome of the stage that it comes from.
StageResult PipelineRunner::train_each(const RunContext& run, const StageConfig& config,
                                       const std::vector<StageResult>& done) const {
  const EarlierStages earlier(directory_, config_, registry_, done);
  const std::vector<StageOutcome>& outcomes = earlier.result(config.from).outcomes;
  std::vector<FannedOutcome> from;
  for (const StageOutcome& outcome : outcomes)
    from.push_back(
        {config.carries("architecture")
             ? Json::parse(load_checkpoint(directory_.file(outcome.checkpoint)).json).at("derived").get<std::string>()
             : "",
         earlier.settings(config, outcome).settings});
  StageConfig fan = config;
  fan.trials = {.id = "dha", .params_json = "{}"};  // whose log lines they are
  fan.trial_count = static_cast<int64_t>(outcomes.size());
  const StageParts parts(fan, environment_of(run, fan), fan.name);
  OutcomeFanOut searcher(from, config.from);
  TrialStage stage(run, fan, searcher, parts.stage(), launch_,
                   [&](const Trial& trial) { return earlier.outcome_origin(config, trial.id); });
  return stage.run(config.name == config_.stages.back().name);
}

}  // namespace dha
