#include "trial/trial_stage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>
#include <tuple>

#include "component/component_json.hpp"
#include "component/guarded_space.hpp"
#include "dha/error.hpp"
#include "pipeline/stage_json.hpp"
#include "pipeline/trial_settings.hpp"
#include "process/signals.hpp"
#include "report/growing_files.hpp"
#include "report/quantities_json.hpp"
#include "stage/pipeline_data.hpp"
#include "stage/prediction_files.hpp"
#include "stage/results.hpp"
#include "stage/stage_work.hpp"
#include "stage/trained_stage.hpp"
#include "storage/atomic_file.hpp"
#include "storage/checkpoint_store.hpp"
#include "storage/folders.hpp"
#include "storage/linked_copy.hpp"
#include "storage/local_time.hpp"
#include "trial/check_trial.hpp"
#include "trial/trial_json.hpp"
#include "trial/trial_messages.hpp"

namespace dha {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

namespace {

// Cores divided by the trials that the file trains at a time, whatever --parallel says: a number of threads can change
// the last bits of a result.
int64_t threads_of(const StageConfig& config) {
  if (config.trial_threads) return *config.trial_threads;
  return std::max<int64_t>(1, static_cast<int64_t>(std::thread::hardware_concurrency()) / config.trial_parallel);
}

bool sets_below(const std::string& settings, const std::string& prefix) {
  const Json json = Json::parse(settings);
  return std::any_of(json.items().begin(), json.items().end(),
                     [&](const auto& item) { return item.key().starts_with(prefix); });
}

TrialResult failure(const Trial& trial, const std::string& error) {
  TrialResult result;
  result.outcome.id = trial.id;
  result.outcome.status = TrialStatus::kFailed;
  result.error = error;
  return result;
}

Error lost_weights(const std::string& stage, int64_t trial, const std::string& reason) {
  return {ErrorCode::kData, fmt::format("stage '{}': the weights of trial {} are lost, and the run cannot continue "
                                        "without them; run its pipeline again ({})",
                                        stage, trial, reason)};
}

std::pair<Measurement, Predictions> evaluated(const TrainedStage& network, const ImageSet& images) {
  PredictionRecorder recorder;
  const Measurement measured =
      network.measure(images, [&](const NetworkOutput& output, const Batch& batch) { recorder.add(output, batch); });
  return {measured, recorder.result()};
}

}  // namespace

TrialStage::TrialStage(const RunContext& run, const StageConfig& config, TrialSearcher& searcher,
                       const StageView& stage, const TrialLaunch& launch, FindOrigin find_origin)
    : run_(run),
      config_(config),
      searcher_(searcher),
      stage_(stage),
      launch_(launch),
      find_origin_(std::move(find_origin)) {}

TrialStage::~TrialStage() = default;

fs::path TrialStage::folder() const { return run_.directory.file("stages") / config_.name; }

fs::path TrialStage::directory_of(int64_t id) const { return folder() / "trials" / std::to_string(id); }

StageResult TrialStage::run(bool model) {
  make_folders(folder());
  ledger_ = std::make_unique<Ledger>(
      folder(), [this](const std::string& note) { run_.log.write(LogLevel::kWarning, "ledger", note); });
  journal_ = std::make_unique<StudyJournal>(run_.directory.file(kJournalFile), study());
  replay();
  pool_ = std::make_unique<WorkerPool>([this](int64_t worker, std::string_view line) { on_line(worker, line); },
                                       [this](int64_t worker, const WorkerEnd& end) { on_end(worker, end); });
  images_per_epoch_ = work_in(config_, run_.images, {0, 0, 1}).trained;
  if (run_.estimate != nullptr) run_.estimate->skip();
  pool_->run([this] {
    fill_slots();
    show_progress();
  });
  if (stop_requested()) {
    run_.console.end_progress();
    throw Error(ErrorCode::kCancelled,
                fmt::format("{} in stage '{}' after {} of {} trials; the running ones have written checkpoints",
                            stop_in_words(), config_.name, told_.size(), config_.trial_count));
  }
  run_.console.clear_progress();
  return result(model);
}

Study TrialStage::study() const {
  return {.name = run_.config.name + "/" + config_.name,
          .folder = folder().lexically_relative(run_.directory.path()) / "trials",
          .tunable = stage_.tunable(),
          .objectives = study_objectives(parse_component_json(config_.trials.id, "report", searcher_.report()))};
}

// `error`: why the trial of an outcome failed or was rejected.
void TrialStage::record(const LedgerEvent& event, const std::string& error) {
  ledger_->append(event);
  journal_->write(event, error);
}

// Why the trial of an outcome failed or was rejected, which the ledger has not; "" of other events.
std::string TrialStage::error_of(const LedgerEvent& event) const {
  const auto* told = std::get_if<TrialTold>(&event);
  if (told == nullptr ||
      (told->outcome.status != TrialStatus::kFailed && told->outcome.status != TrialStatus::kRejected))
    return "";
  const fs::path directory = directory_of(told->outcome.id);
  return fs::exists(directory / kOutcomeFile) ? read_trial_result(directory).error : "";
}

// Brings the searcher to where the ledger ends, by the calls that the ledger has; they make the journal anew.
void TrialStage::replay() {
  const std::vector<LedgerEvent> events = ledger_->events();
  for (const LedgerEvent& event : events) {
    journal_->write(event, error_of(event));
    if (const auto* asked = std::get_if<TrialAsked>(&event)) {
      ask_again(asked->trial);
    } else if (const auto* kept = std::get_if<TrialKept>(&event)) {
      searcher_.keep_going(kept->id, kept->epoch);
      open_.at(kept->id).decisions[kept->epoch.progress.epoch] = kept->go;
    } else {
      tell(std::get<TrialTold>(event).outcome);
    }
  }
  if (!events.empty())
    run_.log.write(LogLevel::kInfo, "dha",
                   fmt::format("stage '{}' continues after {} of {} trials, {} running", config_.name, told_.size(),
                               config_.trial_count, open_.size()));
}

void TrialStage::ask_again(const Trial& recorded) {
  const std::optional<Trial> trial = searcher_.ask();
  if (!trial || to_json(*trial) != to_json(recorded))
    throw Error(ErrorCode::kContractViolation,
                fmt::format("stage '{}': {} asks for a trial that differs from trial {} of {}; its answers may depend "
                            "only on its parameters, its generators and earlier calls, and the parameters must not "
                            "have changed since the study began",
                            config_.name, config_.trials.id, recorded.id, (folder() / kLedgerFile).string()));
  remember(recorded);
}

void TrialStage::remember(const Trial& trial) {
  if (trial.id < 0 || open_.contains(trial.id) || told_.contains(trial.id))
    throw Error(ErrorCode::kContractViolation,
                fmt::format("{}: ask() returned trial {}, with an id that is negative or was returned before",
                            config_.trials.id, trial.id));
  asked_.push_back(trial.id);
  open_[trial.id].trial = trial;
}

std::optional<Trial> TrialStage::ask() {
  if (over_ || static_cast<int64_t>(asked_.size()) >= config_.trial_count) return std::nullopt;
  over_ = searcher_.finished();
  if (over_) return std::nullopt;
  std::optional<Trial> trial = searcher_.ask();
  if (!trial) return std::nullopt;
  check_trial(*trial, config_, run_.registry);
  remember(*trial);
  record(TrialAsked{*trial, iso_time_now()});
  return trial;
}

// First the trials that an earlier process left open, in the order in which they were asked for.
void TrialStage::fill_slots() {
  const auto slots = static_cast<size_t>(launch_.parallel.value_or(config_.trial_parallel));
  const std::vector<int64_t> asked = asked_;
  for (const int64_t id : asked) {
    if (pool_->running() >= slots) return;
    const auto open = open_.find(id);
    if (open != open_.end() && !open->second.worker) launch(open->second);
  }
  while (pool_->running() < slots && !stop_requested()) {
    const std::optional<Trial> trial = ask();
    if (!trial) return;
    launch(open_.at(trial->id));
  }
}

// Trains a trial, unless it has its outcome already or cannot be trained.
void TrialStage::launch(Open& open) {
  const Trial trial = open.trial;
  const fs::path directory = directory_of(trial.id);
  if (fs::exists(directory / kOutcomeFile)) return finish(trial.id, read_trial_result(directory));
  if (const std::optional<TrialResult> refused = refusal(trial)) {
    make_folders(directory);
    return finish(trial.id, *refused);
  }
  link_or_copy(run_.directory.file(kDatasetFile), directory / kDatasetFile);  // each time: changed data may be accepted
  std::vector<std::string> command = launch_.command;
  if (!launch_.devices.empty()) {
    command.push_back("--device");
    command.push_back(launch_.devices[static_cast<size_t>(trial.id) % launch_.devices.size()]);
  }
  command.push_back(directory.string());
  const auto limit = std::chrono::milliseconds(static_cast<int64_t>(config_.trial_timeout * 60000));
  open.worker = pool_->start({.arguments = command, .output = directory / "output.txt", .time_limit = limit});
}

// The outcome of a trial that is not trained: its settings or architecture are none of the stage's, or the constraints
// exclude it. Else its directory is ready to be trained.
std::optional<TrialResult> TrialStage::refusal(const Trial& trial) const {
  try {
    const StageConfig config = config_of(trial);
    GuardedSpace space(run_.registry, run_.services, config.space, config_.name + "/space");  // under its settings
    space.prepare(run_.dataset.info());
    const StageView view(config, run_.dataset.info(), {}, space, run_.registry);
    if (const std::string violated = view.violations(config.architecture); !violated.empty()) {
      TrialResult rejected;
      rejected.outcome = {trial.id, TrialStatus::kRejected, {}, view.cost(config.architecture), 0, 0};
      rejected.error =
          fmt::format("its architecture violates the constraints of stage '{}': {}", config_.name, violated);
      return rejected;
    }
    prepare(trial, config);
    return std::nullopt;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kIo || error.code() == ErrorCode::kCancelled) throw;
    return failure(trial, error.what());
  }
}

// Makes the trial's run directory; trial.json comes last, so that it is there only where the rest is.
void TrialStage::prepare(const Trial& trial, const StageConfig& config) const {
  const fs::path directory = directory_of(trial.id);
  if (fs::exists(directory / kTrialFile)) return;
  make_folders(directory / "checkpoints");
  write_file_atomically(
      directory / "pipeline.json",
      trial_pipeline(run_.config, config, fmt::format("{}-{}-{}", run_.config.name, config_.name, trial.id)));
  TrialTask task;
  task.id = trial.id;
  task.stage = config_.name;
  task.path = fmt::format("{}/trial-{}", config_.name, trial.id);
  task.first_epoch = trial.first_epoch;
  task.last_epoch = trial.last_epoch;
  task.settings = trial.settings;
  task.threads = threads_of(config_);
  task.start = start_files(trial, directory);
  write_trial_task(directory, task);
}

StageConfig TrialStage::config_of(const Trial& trial) const {
  StageConfig config = with_settings(config_, trial.settings, run_.registry);
  config.architecture = trial.architecture.empty() ? stage_.architecture() : trial.architecture;
  if (config.architecture.empty())
    throw Error(ErrorCode::kContractViolation,
                fmt::format("trial {} has no architecture, and stage '{}' has none of its own; give the stage "
                            "'architecture' or a searcher that is finished",
                            trial.id, config_.name));
  return config;
}

std::optional<TrialStartFiles> TrialStage::start_files(const Trial& trial, const fs::path& directory) const {
  if (!trial.start) return std::nullopt;
  const TrialOrigin origin = origin_of(trial);
  TrialStartFiles files;
  for (const std::string& what : origin.carry) {
    if (what != "weights" && what != "momentum" && what != "hyper" && what != "augment" && what != "searcher" &&
        what != "architecture")
      throw Error(ErrorCode::kContractViolation,
                  fmt::format("trial {} carries '{}'; expected weights, momentum, hyper or augment", trial.id, what));
    // What the trial sets must not be overridden by what was learned under other settings; an outcome that continues
    // as it is was trained with these.
    const bool is_set =
        origin.mode == CarryMode::kShared && ((what == "hyper" && sets_below(trial.settings, "/hyper/")) ||
                                              (what == "augment" && sets_below(trial.settings, "/augment/")));
    if (!is_set && what != "architecture") files.carry.push_back(what);
  }
  files.mode = origin.mode;
  write_file_atomically(directory / files.pipeline, origin.pipeline);
  link_or_copy(origin.checkpoint, directory / files.checkpoint);
  return files;
}

TrialOrigin TrialStage::origin_of(const Trial& trial) const {
  if (!trial.start->trial) return find_origin_(trial);
  const int64_t id = *trial.start->trial;
  if (!told_.contains(id))
    throw Error(ErrorCode::kContractViolation,
                fmt::format("trial {} starts from trial {}, which was not told", trial.id, id));
  return {read_file(directory_of(id) / "pipeline.json"), directory_of(id) / trained(id).checkpoint, trial.start->carry,
          CarryMode::kShared};
}

TrialStage::Open& TrialStage::working(int64_t worker) {
  const auto found =
      std::find_if(open_.begin(), open_.end(), [&](const auto& entry) { return entry.second.worker == worker; });
  if (found == open_.end()) throw Error(ErrorCode::kInternal, fmt::format("worker {} trains no trial", worker));
  return found->second;
}

// An epoch that was asked about before has its answer: the process that had asked was killed before its checkpoint.
void TrialStage::on_line(int64_t worker, std::string_view line) {
  Open& open = working(worker);
  const TrialMessage message = parse_trial_message(line);
  if (message.error) {
    if (message.ends_the_run) throw *message.error;
    errors_[open.trial.id] = message.error->what();
    return;
  }
  const int64_t epoch = message.epoch->progress.epoch;
  if (!open.decisions.contains(epoch)) {
    const bool go = searcher_.keep_going(open.trial.id, *message.epoch);
    record(TrialKept{open.trial.id, *message.epoch, go});
    open.decisions[epoch] = go;
    if (run_.estimate != nullptr) run_.estimate->note_trained(images_per_epoch_);
  }
  pool_->send(worker, open.decisions[epoch] ? kGo : kStop);
}

void TrialStage::on_end(int64_t worker, const WorkerEnd& end) {
  Open& open = working(worker);
  open.worker.reset();
  const Trial trial = open.trial;
  const fs::path directory = directory_of(trial.id);
  if (fs::exists(directory / kOutcomeFile)) return finish(trial.id, read_trial_result(directory));
  if (stop_requested() && !end.timed_out) return;  // it has left a checkpoint, and is trained on by `dha resume`
  std::string reason = end.timed_out ? fmt::format("took longer than trial_timeout, {} minutes", config_.trial_timeout)
                                     : fmt::format("its process ended {}", end.process.text());
  if (errors_.contains(trial.id)) reason += ": " + errors_[trial.id];
  finish(trial.id, failure(trial, fmt::format("{}; {} has its output", reason, (directory / "output.txt").string())));
}

// Leaves outcome.json where the trial did not, and tells the searcher.
void TrialStage::finish(int64_t id, const TrialResult& found) {
  TrialResult result = found;
  const fs::path directory = directory_of(id);
  if (!fs::exists(directory / kOutcomeFile)) {
    const Trial& trial = open_.at(id).trial;
    result.settings = trial.settings;
    result.architecture = trial.architecture.empty() ? stage_.architecture() : trial.architecture;
    write_trial_result(directory, result);
  }
  if (result.outcome.status == TrialStatus::kFailed)
    run_.log.write(LogLevel::kWarning, config_.trials.id, fmt::format("trial {} failed: {}", id, result.error));
  if (result.outcome.status == TrialStatus::kRejected)
    run_.log.write(LogLevel::kInfo, config_.trials.id, fmt::format("trial {} is rejected: {}", id, result.error));
  record(TrialTold{result.outcome, iso_time_now()}, result.error);
  tell(result.outcome);
}

void TrialStage::tell(const TrialOutcome& outcome) {
  if (open_.erase(outcome.id) == 0)
    throw Error(
        ErrorCode::kContractViolation,
        fmt::format("{} of stage '{}' has an outcome for trial {}, which is not running; run the pipeline again",
                    kLedgerFile, config_.name, outcome.id));
  told_[outcome.id] = outcome;
  with_weights_.push_back(outcome.id);
  std::error_code already_gone;
  fs::remove(directory_of(outcome.id) / TrialStartFiles().checkpoint, already_gone);
  searcher_.tell(outcome);
  write_rows();
  write_artefacts();
  drop_weights();
  if (run_.advanced) run_.advanced();
}

// In the order in which trials were asked for, so that rows do not depend on how many train at a time.
void TrialStage::write_rows() {
  for (; rows_ < asked_.size() && told_.contains(asked_[rows_]); ++rows_) {
    const TrialOutcome& outcome = told_.at(asked_[rows_]);
    Json row{{"event", "trial"}, {"stage", config_.name}, {"id", outcome.id}, {"status", status_name(outcome.status)}};
    for (const Quantity& measured : outcome.measurements) row[measured.name] = measured.value;
    row.update(to_json(outcome.cost));
    row["epochs"] = outcome.epochs;
    row["time_s"] = outcome.seconds;
    run_.metrics.write(row);
    std::string line = fmt::format("{}: trial {} ({} of {}) {}", config_.name, outcome.id, rows_ + 1,
                                   config_.trial_count, status_name(outcome.status));
    if (const auto accuracy = outcome.measurements.find(quantity::kValidationAccuracy))
      line += fmt::format(", validation {:.2f} %", 100 * *accuracy);
    run_.log.write(LogLevel::kInfo, "dha", line);
  }
}

void TrialStage::write_artefacts() const {
  for (const Artefact& artefact : searcher_.artefacts()) {
    if (artefact.file.empty() || artefact.file.find('/') != std::string::npos || artefact.file.starts_with('.') ||
        artefact.file == kLedgerFile)
      throw Error(
          ErrorCode::kContractViolation,
          fmt::format("{}: the artefact '{}' must be a file name without folders", config_.trials.id, artefact.file));
    write_file_atomically(folder() / artefact.file, artefact.content);
  }
}

// Removes the weights of trials that are no outcome and that no other trial will start from.
void TrialStage::drop_weights() {
  const std::vector<int64_t> kept = searcher_.outcomes();
  std::erase_if(with_weights_, [&](int64_t id) {
    if (std::find(kept.begin(), kept.end(), id) != kept.end() || searcher_.needs_weights(id)) return false;
    std::error_code already_gone;
    fs::remove_all(directory_of(id) / "checkpoints", already_gone);
    return true;
  });
}

// Trials that were not asked for yet count with as many epochs as the others have on average.
ProgressLine TrialStage::progress_line() const {
  int64_t done = 0, left = 0, all = 0;
  ProgressLine line;
  for (const auto& [id, outcome] : told_) {
    done += outcome.epochs;
    all += outcome.epochs;
    const auto accuracy = outcome.measurements.find(quantity::kValidationAccuracy);
    if (!accuracy || *accuracy <= line.best) continue;  // the first one is better than NaN
    line.best = *accuracy;
    line.best_at = id;
  }
  for (const auto& [id, open] : open_) {
    const int64_t epochs = open.trial.last_epoch.value_or(config_.epochs) - open.trial.first_epoch;
    const auto trained = std::min(epochs, static_cast<int64_t>(open.decisions.size()));
    done += trained;
    left += epochs - trained;
    all += epochs;
  }
  const auto asked = static_cast<int64_t>(asked_.size());
  const int64_t unasked = over_ ? 0 : config_.trial_count - asked;
  left += asked == 0 ? unasked * config_.epochs : unasked * all / asked;
  line.stage = fmt::format("{} {}/{}", config_.name, told_.size(), over_ ? asked : config_.trial_count);
  line.done = done;
  line.total = done + left;
  line.unit = "epochs";
  line.best_unit = "trial";
  line.remark = fmt::format("{} running", pool_->running());
  if (run_.estimate != nullptr)
    line.seconds_left = run_.estimate->seconds_left(
        {"", static_cast<double>(left) * images_per_epoch_, static_cast<double>(run_.images.test.size()), 0});
  return line;
}

// One bar for all trials.
void TrialStage::show_progress() {
  if (pool_->running() > 0) run_.console.progress(progress_line());
}

// outcomes.json, and one file per architecture for whoever wants to train it again.
void TrialStage::write_outcomes(const std::vector<int64_t>& ids) const {
  make_folders(folder() / "architectures");
  Json outcomes = Json::array();
  for (const int64_t id : ids) {
    const TrialResult result = read_trial_result(directory_of(id));
    const Json architecture = Json::parse(result.architecture);
    Json entry{{"id", id}, {"settings", Json::parse(result.settings)}, {"architecture", architecture}};
    entry["measurements"] = to_json(result.outcome.measurements);
    entry["costs"] = to_json(result.outcome.cost);
    outcomes.push_back(entry);
    write_file_atomically(folder() / "architectures" / fmt::format("{}.json", id), architecture.dump(2) + "\n");
  }
  write_file_atomically(folder() / "outcomes.json", outcomes.dump(2) + "\n");
}

Error TrialStage::no_outcome() const {
  if (told_.empty())
    return {ErrorCode::kContractViolation,
            fmt::format("stage '{}': {} asked for no trial", config_.name, config_.trials.id)};
  const auto finished = std::find_if(told_.begin(), told_.end(), [](const auto& entry) {
    return entry.second.status == TrialStatus::kFinished || entry.second.status == TrialStatus::kStopped;
  });
  if (finished != told_.end())
    return {ErrorCode::kContractViolation,
            fmt::format("stage '{}': trial {} finished, but {} names no trial as an outcome", config_.name,
                        finished->first, config_.trials.id)};
  const int64_t last = told_.rbegin()->first;
  return {ErrorCode::kDiverged,
          fmt::format("stage '{}': none of its {} trials finished; log.txt has the reasons. Trial {}: {}", config_.name,
                      told_.size(), last, read_trial_result(directory_of(last)).error)};
}

StageResult TrialStage::trained(int64_t id) const {
  const RunDirectory directory = RunDirectory::open(directory_of(id));
  const std::vector<StageResult> results = read_results(directory);
  if (results.empty() || !fs::exists(directory.file(results.front().checkpoint)))
    throw lost_weights(config_.name, id, "there is no checkpoint");
  return results.front();
}

State TrialStage::weights_of(int64_t id, const StageResult& result) const {
  try {
    return load_checkpoint(directory_of(id) / result.checkpoint);
  } catch (const Error& error) {
    throw lost_weights(config_.name, id, error.what());
  }
}

StageResult TrialStage::result(bool model) const {
  const std::vector<int64_t> ids = searcher_.outcomes();
  if (ids.empty()) throw no_outcome();
  for (const int64_t id : ids)
    if (!told_.contains(id) || told_.at(id).status == TrialStatus::kFailed ||
        told_.at(id).status == TrialStatus::kRejected)
      throw Error(ErrorCode::kContractViolation,
                  fmt::format("{}: outcomes() names trial {}, which has not finished", config_.trials.id, id));
  write_outcomes(ids);
  run_.metrics.write({{"event", "trials"},
                      {"stage", config_.name},
                      {"outcomes", ids},
                      {"searcher", parse_component_json(config_.trials.id, "report", searcher_.report())}});

  StageResult result = trained(ids.front());
  const fs::path below = fs::path("stages") / config_.name / "trials";
  const auto path_of = [&](int64_t id) { return (below / std::to_string(id)).string(); };
  const StageConfig config =
      load_pipeline(directory_of(ids.front()) / "pipeline.json", {}, run_.registry).stages.front();
  const TrainedStage best(
      run_.config, config, [this]() -> const RunImages& { return run_.images; }, environment_of(run_, config),
      weights_of(ids.front(), result));
  EpochPredictions predictions;
  if (!run_.images.test.empty()) {
    std::tie(result.measurements.test, predictions.test) = evaluated(best, run_.images.test);
    Json row{{"event", "test"}, {"stage", config_.name}, {"id", ids.front()}};
    for (const Quantity& metric : result.measurements.test->values) row["test_" + metric.name] = metric.value;
    run_.metrics.write(row);
    run_.log.write(LogLevel::kInfo, "dha",
                   fmt::format("{}: test {:.2f} % (trial {})", config_.name, 100 * result.measurements.test->accuracy(),
                               ids.front()));
  }
  best.write_learned(run_.directory);
  if (model)
    best.write_model(run_.directory.file("model"),
                     {run_.config,
                      run_.directory.file(kDatasetFile),
                      model_input(run_.dataset),
                      {true, config_.name, Weights::kLast, result.epochs, result.epochs}},
                     run_.log);
  const ImageSet validation = choose_stage_images(run_.images, config, run_.config.seed).validation;
  if (model && !validation.empty()) predictions.validation = evaluated(best, validation).second;
  if (model) write_predictions(run_.directory, run_.dataset, validation, run_.images.test, predictions, run_.log);
  for (const int64_t id : ids)
    result.outcomes.push_back({id, path_of(id), (fs::path(path_of(id)) / trained(id).checkpoint).string(),
                               read_trial_result(directory_of(id)).settings});
  result.name = config_.name;
  result.settings = result.outcomes.front().settings;
  result.checkpoint = result.outcomes.front().checkpoint;
  result.steps = 0;
  result.seconds = 0;
  for (const auto& [id, outcome] : told_) result.seconds += outcome.seconds;
  return result;
}

}  // namespace dha
