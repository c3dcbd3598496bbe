#include "trial/trial_run.hpp"

#include <ATen/Parallel.h>

#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "report/growing_files.hpp"
#include "stage/pipeline_data.hpp"
#include "stage/results.hpp"
#include "stage/stage_work.hpp"
#include "storage/atomic_file.hpp"
#include "storage/checkpoint_store.hpp"
#include "storage/run_lock.hpp"
#include "trial/trial_messages.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

TrialOutcome outcome_of(const TrialTask& task, const StageResult& result) {
  TrialOutcome outcome;
  outcome.id = task.id;
  outcome.status = result.was_stopped ? TrialStatus::kStopped : TrialStatus::kFinished;
  outcome.epochs = result.epochs - task.first_epoch;
  outcome.seconds = result.seconds;
  outcome.cost = result.cost;
  outcome.measurements = epoch_quantities(result.train_loss, result.train_accuracy, result.measurements.validation);
  return outcome;
}

}  // namespace

TrialRun::TrialRun(const PluginRegistry& registry, const PipelineConfig& config, const DeviceChoice& device,
                   Console& console, const RunDirectory& directory)
    : registry_(registry), config_(config), device_(device), console_(console), directory_(directory) {}

TrialResult TrialRun::run(const StageTrainer::KeepGoing& keep_going) {
  // A process whose run was killed may still be leaving its checkpoint.
  const RunLock lock(directory_, std::chrono::seconds(120));
  if (std::filesystem::exists(directory_.file(kOutcomeFile))) return read_trial_result(directory_.path());
  const TrialTask task = read_trial_task(directory_.path());
  at::set_num_threads(static_cast<int>(task.threads));
  for (const char* folder : {".", "checkpoints", "model"}) remove_abandoned_temporaries(directory_.file(folder));
  Log log(console_);
  log.open(directory_.file("log.txt"));
  TrialResult result;
  try {
    result = train(task, log, keep_going);
  } catch (...) {
    // Whatever a component's operators throw within LibTorch's backward pass fails this trial, not the run.
    const Error error = caught_error(ErrorCode::kPluginFault);
    log.write(LogLevel::kDebug, "dha", std::string("stopped: ") + error.what());
    if (ends_the_run(error.code())) throw;
    result.outcome.id = task.id;
    result.outcome.status = TrialStatus::kFailed;
    result.error = error.what();
  }
  result.settings = task.settings;
  result.architecture = config_.stages.front().architecture;
  write_trial_result(directory_.path(), result);
  return result;
}

TrialResult TrialRun::train(const TrialTask& task, Log& log, const StageTrainer::KeepGoing& keep_going) {
  const ContextServices services{&log, device_.device, config_.seed, directory_.file("scratch")};
  const PipelineData data(registry_, services, config_, directory_.file(kDatasetFile));
  RunImages images = data.images();
  images.test = ImageSet();  // test images choose nothing
  const StageConfig& stage = config_.stages.front();
  const auto note = [&](const std::string& damage) { log.write(LogLevel::kWarning, "checkpoint", damage); };
  const auto found = latest_good_checkpoint(directory_.file("checkpoints"), note, stage.name);
  cut_growing_files(directory_, found
                                    ? Json::parse(found->state.json).at("files").get<std::map<std::string, uint64_t>>()
                                    : std::map<std::string, uint64_t>());
  if (found) data.dataset().note_unreadable(Json::parse(found->state.json).at("unreadable"));
  MetricsWriter metrics(directory_.file("metrics.jsonl"));
  HyperTable hyper_table(directory_.file("hyper.csv"));
  RunTimeEstimate estimate(planned_work(config_, images));
  estimate.begin_stage(0);
  const RunContext run{.registry = registry_,
                       .config = config_,
                       .dataset = data.dataset(),
                       .images = images,
                       .services = services,
                       .directory = directory_,
                       .log = log,
                       .console = console_,
                       .metrics = metrics,
                       .hyper_table = hyper_table,
                       .estimate = &estimate};
  StageTrainer trainer(run, stage, task.path);
  if (found)
    trainer.resume(found->state);
  else
    begin(trainer, task, log);
  StageResult result = trainer.train(keep_going);
  result.files = growing_files(directory_);
  result.unreadable = data.dataset().unreadable();
  result.unreadable_at_open = data.dataset().unreadable_at_open();
  write_results(directory_, config_, device_.device.str(), {result});
  return {outcome_of(task, result), {}, {}, {}};
}

void TrialRun::begin(StageTrainer& trainer, const TrialTask& task, Log& log) const {
  if (task.start) {
    log.write(LogLevel::kInfo, "dha", "starts from " + task.start->checkpoint);
    trainer.begin_from(origin(*task.start));
  } else {
    trainer.begin_afresh();
  }
  trainer.limit_epochs(task.first_epoch, task.last_epoch.value_or(config_.stages.front().epochs));
}

StageOrigin TrialRun::origin(const TrialStartFiles& start) const {
  const PipelineConfig earlier = load_pipeline(directory_.file(start.pipeline), {}, registry_);
  return {earlier.stages.front(), load_checkpoint(directory_.file(start.checkpoint)), start.carry, start.mode};
}

}  // namespace dha
