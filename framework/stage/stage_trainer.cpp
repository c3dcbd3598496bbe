#include "stage/stage_trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "device/stream_scope.hpp"
#include "dha/error.hpp"
#include "model/precision.hpp"
#include "process/long_work.hpp"
#include "process/signals.hpp"
#include "process/steady_seconds.hpp"
#include "process/time_limit.hpp"
#include "report/growing_files.hpp"
#include "report/picture_files.hpp"
#include "stage/augmented_images.hpp"
#include "stage/pipeline_data.hpp"
#include "stage/search_health.hpp"
#include "step/evaluation_weights.hpp"
#include "step/search_services.hpp"
#include "storage/checkpoint_store.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

bool takes(const StageOrigin& origin, const char* what) {
  return std::find(origin.carry.begin(), origin.carry.end(), what) != origin.carry.end();
}

}  // namespace

StageTrainer::StageTrainer(const RunContext& run, const StageConfig& config, const std::string& path)
    : run_(run),
      config_(config),
      device_(run.services.device),
      parts_(config, environment_of(run, config), path),
      data_(make_stage_data(run.images, config, parts_.hyper().probe(), run.config.seed, path, device_,
                            run.config.loader_threads)),
      normalizer_(run.dataset.info(), at::TensorOptions(device_).dtype(weight_type(run.config.precision)),
                  run.config.channels_last),
      criterion_(config.label_smoothing),
      loss_scale_(run.config.precision, device_),
      options_{config.gradient_clip, run.config.precision, device_},
      position_(device_),
      checkpoints_(run_, config_),
      evaluation_(parts_, data_, evaluation_setting(), run_.log, checkpoints_),
      reporter_(run_, parts_, data_.train->steps()) {
  position_.last_epoch = position_.planned_epochs = config.epochs;
}

EvaluationSetting StageTrainer::evaluation_setting() const { return {normalizer_, options_.precision, device_}; }

void StageTrainer::begin_afresh() { parts_.make_network(); }

void StageTrainer::begin_with(const SavedModel& initial, const std::string& source) {
  parts_.make_network();
  const MatchedTensors matched = parts_.take_matching(initial.tensors);
  constexpr size_t kNamed = 4;
  std::string left_out;
  for (size_t i = 0; i < std::min(matched.left_out.size(), kNamed); ++i)
    left_out += (i > 0 ? ", " : "") + matched.left_out[i];
  if (matched.left_out.size() > kNamed) left_out += fmt::format(" and {} more", matched.left_out.size() - kNamed);
  if (matched.kernels == 0)
    throw Error(ErrorCode::kInvalidConfig,
                fmt::format("stage '{}' can take no weight from {}: {}; give the stage the space of that run, with its "
                            "parameters",
                            config_.name, source, left_out));
  run_.log.write(LogLevel::kInfo, "dha",
                 fmt::format("stage '{}' starts with {} of its {} tensors from {}{}{}", config_.name, matched.taken,
                             matched.all, source, left_out.empty() ? "" : "; not taken: ", left_out));
}

void StageTrainer::begin_from(const StageOrigin& earlier) {
  if (takes(earlier, "searcher")) parts_.carry_searcher(earlier.state);
  if (takes(earlier, "augment")) parts_.carry_augmenters(earlier.state);
  const Json json = Json::parse(earlier.state.json);
  parts_.make_network(takes(earlier, "architecture") ? json.at("derived").get<std::string>() : "");
  if (takes(earlier, "weights")) {
    StageParts parts(earlier.config, environment_of(run_, earlier.config), earlier.config.name);
    parts.restore_network(earlier.state);
    const int64_t taken = parts_.carry_weights(parts, earlier.mode);
    run_.log.write(LogLevel::kInfo, "dha",
                   fmt::format("stage '{}' starts with {} of its {} weights from '{}'", config_.name, taken,
                               parts_.weights().size(), earlier.config.name));
  }
  parts_.carry_hyper(earlier.state, {takes(earlier, "hyper"), takes(earlier, "momentum")});
  if (takes(earlier, "weights") && run_.images.validation.empty() &&
      config_.validation_fraction > earlier.config.validation_fraction)
    run_.log.write(LogLevel::kWarning, "dha",
                   fmt::format("stage '{}' validates on images that the weights of '{}' were trained on, which held "
                               "out fewer; set its validation_fraction to {} too",
                               config_.name, earlier.config.name, config_.validation_fraction));
}

void StageTrainer::resume(const State& checkpoint) {
  parts_.resume(checkpoint);
  position_.restore(checkpoint, data_, loss_scale_);
  position_.plan(config_.epochs);
  seconds_before_ = position_.seconds;
  checkpoints_.resume_at(position_);
}

void StageTrainer::limit_epochs(int64_t first, int64_t last) {
  position_.epoch = first;
  position_.last_epoch = std::min(config_.epochs, last);
}

// A full disk, a failed recording or a component that diverges is reported with where the stage can be continued from,
// as the stage's own errors are.
StageResult StageTrainer::train(const KeepGoing& keep_going) try {
  begun_ = last_saved_ = steady_seconds();
  if (config_.stop_when_searcher_finished && !parts_.searches() && position_.epoch == 0)
    run_.log.write(
        LogLevel::kInfo, "dha",
        fmt::format("stage '{}': stop_when has no effect, because its architecture is decided", config_.name));
  if (!parts_.searches()) check_constraints(parts_.architecture());
  const bool is_new = position_.epoch == 0 && position_.step == 0;
  if (is_new && !std::filesystem::exists(run_.directory.file(kEarlyAugmentedFile)))
    draw_augmentation(kEarlyAugmentedFile);
  const bool records = run_.config.graph == "auto" && device_.is_cuda();
  const StreamScope stream(records ? device_ : at::Device(at::kCPU));
  step_.emplace(parts_, data_, normalizer_, criterion_, loss_scale_, options_);
  replayer_.emplace(*step_, parts_, records, run_.log);
  while ((!position_.over || position_.components_ended) && position_.epoch < position_.last_epoch) {
    train_epoch();
    finish_epoch(keep_going);
  }
  replayer_.reset();  // with what it recorded on the stream
  // What was measured, and what the searcher made of it since, which later stages take.
  if (parts_.searches())
    for (const std::string& found : {architecture(), parts_.architecture()}) check_constraints(found);
  return result();
} catch (const Error& error) {
  const bool is_of_component = dynamic_cast<const ComponentError*>(&error) != nullptr;
  const bool names_checkpoint = error.code() == ErrorCode::kIo || error.code() == ErrorCode::kDevice ||
                                (is_of_component && error.code() == ErrorCode::kDiverged);
  if (!names_checkpoint) throw;
  throw Error(error.code(), fmt::format("{} ({})", error.what(), checkpoints_.last_in_words()));
}

void StageTrainer::train_epoch() {
  data_.train->begin(position_.epoch, position_.step);
  parts_.set_drop_path(config_.drop_path * static_cast<double>(position_.epoch) / static_cast<double>(config_.epochs));
  parts_.network().begin_epoch(progress());
  if (position_.step == 0) begin_epoch();
  replayer_->begin_epoch();
  double begun = steady_seconds();
  reporter_.begin_epoch(position_, begun);
  const auto count_time = [&] { position_.epoch_seconds += steady_seconds() - std::exchange(begun, steady_seconds()); };
  while (const std::optional<Batch> batch = next_batch(count_time)) {
    if (batch->labels.size(0) > 0) train_batch(*batch);
    ++position_.step;
    if (position_.step % config_.log_every == 0 || position_.step == data_.train->steps()) {
      const EpochTotals::Means means = reporter_.write_steps(position_, steady_seconds(), seconds());
      const int64_t steps_before = (position_.step - 1) / config_.log_every * config_.log_every;
      check_finite(means.loss, steps_before + means.finite_steps + 1);
    }
    reporter_.show_progress(position_, steady_seconds());
    if (stop_requested()) {
      count_time();
      interrupt();
    }
    if (checkpoints_.is_due(position_, steady_seconds() - last_saved_)) {
      count_time();
      save_checkpoint();
      begun = steady_seconds();
    }
  }
  position_.epoch_means = position_.epoch_totals.means();  // waits for what the device has yet to do of the epoch
  count_time();
}

// A stop that comes while images are read leaves a checkpoint, as one between steps does.
std::optional<Batch> StageTrainer::next_batch(const std::function<void()>& count_time) {
  try {
    return data_.train->next();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCancelled) throw;
    count_time();
    interrupt();
  }
}

void StageTrainer::begin_epoch() {
  const Progress at = progress();
  for (const auto& augmenter : parts_.augmenters()) augmenter->begin_epoch(at);
  if (!parts_.searches()) return;
  parts_.searcher().begin_epoch(at);
  if (position_.first_choices.empty()) position_.first_choices = executed_candidates();
}

void StageTrainer::train_batch(const Batch& batch) {
  if (replayer_->is_about_to_record()) save_checkpoint();  // a step that cannot be recorded ends the process
  const double begun = steady_seconds();
  try {
    const StepReport report = replayer_->run(step_->input_for(batch), progress());
    position_.epoch_totals.add(report.losses, report.correct);
    position_.interval_totals.add(report.losses, report.correct);
  } catch (const Error&) {
    // A component that was fed a loss that is not finite fails a step later; the loss is what the user needs to know.
    const EpochTotals::Means means = position_.epoch_totals.means();
    check_finite(means.loss, means.finite_steps + 1);
    throw;
  }
  note_duration(TimedWork::kStep, std::chrono::duration<double>(steady_seconds() - begun));
  position_.images_trained += batch.labels.size(0);
}

// Validation is measured before the components have the epoch's end, and test images and the architecture before the
// searcher has the stage's: nothing is measured on a search that has moved on.
void StageTrainer::finish_epoch(const KeepGoing& keep_going) {
  if (position_.epoch_means.images == 0)
    throw Error(ErrorCode::kData, fmt::format("stage '{}': none of the training images can be read", config_.name));
  check_finite(position_.epoch_means.loss, position_.epoch_means.finite_steps + 1);
  const bool validates = evaluation_.is_validation_due(position_);
  // Damage that an evaluation meets, or a stop within a component's call, must not cost the epoch.
  if (validates || parts_.searches() || position_.epoch + 1 == position_.last_epoch) {
    position_.seconds = seconds();
    checkpoints_.save_until_next(position_, checkpoint());
  }
  if (!position_.components_ended) {
    position_.measurements.test.reset();
    position_.measurements.validation.reset();
    position_.predictions = {};
    position_.supernet.reset();
    if (validates) validate();
    if (parts_.searches()) examine_search();
    try {
      end_components(outcome(), keep_going);
    } catch (const Error& error) {
      // A component that a stop interrupted is in no state to be saved.
      if (error.code() != ErrorCode::kCancelled) throw;
      throw Error(error.code(), fmt::format("{} ({})", error.what(), checkpoints_.last_in_words()));
    }
    position_.components_ended = true;
  }
  if (position_.over && !validates && evaluation_.can_validate()) {
    if (keeps_best_) checkpoints_.save_until_next(position_, checkpoint());
    validate();
  }
  test_if_due();
  if (position_.over) end_stage();
  if (position_.over && leaves_model_) write_predictions();
  if (position_.over) draw_augmentation(kLateAugmentedFile);
  position_.training_seconds += position_.epoch_seconds;
  reporter_.write_epoch(position_, outcome(), seconds());
  ++position_.epoch;
  position_.step = 0;
  position_.epoch_seconds = 0;
  position_.components_ended = false;
  position_.predictions = {};
  position_.step_values.clear();
  position_.epoch_totals.reset();
  position_.interval_totals.reset();
  write_learned(run_.directory, parts_, architecture());
  save_checkpoint();
  if (run_.advanced) run_.advanced();
  if (!position_.over) reporter_.note_epoch_end();  // the end of a stage has more to do
}

// Warns once when a cell comes to keep mostly skip connections.
void StageTrainer::examine_search() {
  const std::vector<SkipCount> counts = count_skips(parts_.space().choices(), executed_candidates());
  SkipCount all;
  const SkipCount* collapsed = nullptr;
  for (const SkipCount& count : counts) {
    all.skips += count.skips;
    all.kept += count.kept;
    if (count.is_collapsed() && collapsed == nullptr) collapsed = &count;
  }
  position_.skip_share = all.share();
  if (collapsed != nullptr && !position_.collapsed)
    run_.log.write(
        LogLevel::kWarning, "dha",
        fmt::format("stage '{}': {} of the {} candidates that {} keeps are skip connections or nothing, a "
                    "sign that the search has collapsed; {}lower the learning rates of the searcher or train "
                    "fewer epochs",
                    config_.name, collapsed->skips, collapsed->kept,
                    collapsed->cell.empty() ? "the architecture" : "cell '" + collapsed->cell + "'",
                    config_.stop_on_collapse ? "the stage ends here as on_collapse says; " : ""));
  position_.collapsed = collapsed != nullptr;
}

EpochOutcome StageTrainer::outcome() const {
  return {progress(), epoch_quantities(position_.epoch_means.loss, position_.epoch_means.accuracy,
                                       position_.measurements.validation)};
}

void StageTrainer::end_components(const EpochOutcome& outcome, const KeepGoing& keep_going) {
  std::optional<LongWork> work(
      std::in_place, fmt::format("{} {}/{} end of the epoch", config_.name, position_.epoch + 1, position_.last_epoch));
  for (const auto& augmenter : parts_.augmenters()) augmenter->end_epoch(outcome);
  parts_.hyper().end_epoch(outcome);
  position_.over = position_.epoch + 1 == position_.last_epoch || (config_.stop_on_collapse && position_.collapsed);
  if (parts_.searches()) {
    StageSearchServices services(parts_, data_, normalizer_, criterion_, loss_scale_, options_, progress(), {});
    parts_.searcher().end_epoch(services);
    position_.over = position_.over || (config_.stop_when_searcher_finished && parts_.searcher().finished());
  }
  work.reset();
  if (keep_going && !keep_going(outcome) && !position_.over) position_.over = position_.stopped = true;
}

// Of the best epoch, the checkpoint before the measurement is kept: it has exactly what was measured, while components
// may change at the epoch's end.
void StageTrainer::validate() {
  measure([&] { evaluation_.validate(position_); });
  reporter_.note_validation(position_);
  if (keeps_best_ && position_.measurements.is_best()) checkpoints_.keep_as_best();
}

void StageTrainer::test_if_due() {
  const bool is_best = position_.measurements.is_best();
  if (evaluation_.can_test() && (position_.over || is_best)) measure([&] { evaluation_.test(position_); });
  if (is_best) position_.measurements.note_best(position_.epoch + 1);
}

void StageTrainer::end_stage() {
  position_.architecture = parts_.architecture();
  if (leaves_model_ && parts_.stage().violations(position_.architecture).empty()) write_model();
  if (!parts_.searches()) return;
  const std::vector<std::vector<int64_t>> last = executed_candidates();
  for (size_t i = 0; i < last.size(); ++i) position_.changed_choices += last[i] != position_.first_choices[i];
  StageSearchServices services(parts_, data_, normalizer_, criterion_, loss_scale_, options_, progress(), {});
  parts_.searcher().end_stage(services);
}

// A stop leaves a checkpoint from which the evaluation is made again.
template <class Measure>
void StageTrainer::measure(Measure&& measure) {
  try {
    measure();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kCancelled) interrupt();
    throw;
  }
}

Progress StageTrainer::progress() const {
  return {position_.epoch, config_.epochs, position_.step, data_.train->steps()};
}

// At the end of a stage the one that was measured, whatever the searcher made of it since.
std::string StageTrainer::architecture() const {
  return position_.architecture.empty() ? parts_.architecture() : position_.architecture;
}

// Of the architecture as it stands, per choice.
std::vector<std::vector<int64_t>> StageTrainer::executed_candidates() const {
  std::vector<std::vector<int64_t>> executed;
  for (const ChoiceGates& choice : parts_.gates(GatePurpose::kEvaluation, progress()).choices)
    executed.push_back(choice.active);
  return executed;
}

double StageTrainer::seconds() const { return seconds_before_ + steady_seconds() - begun_; }

State StageTrainer::checkpoint() const {
  State state = parts_.state();
  Json json = Json::parse(state.json);
  json["derived"] = architecture();
  json["files"] = growing_files(run_.directory);
  json["unreadable"] = run_.dataset.unreadable();
  state.json = json.dump();
  position_.save(data_, loss_scale_, state);
  return state;
}

void StageTrainer::save_checkpoint() {
  position_.seconds = seconds();
  checkpoints_.save(position_, checkpoint());
  last_saved_ = steady_seconds();
}

void StageTrainer::interrupt() {
  run_.console.end_progress();
  save_checkpoint();
  throw Error(ErrorCode::kCancelled,
              fmt::format("{} in stage '{}', epoch {}, step {}: {}", stop_in_words(), config_.name, position_.epoch + 1,
                          position_.step, checkpoints_.last_in_words()));
}

void StageTrainer::check_finite(double loss, int64_t step) const {
  if (std::isfinite(loss)) return;
  throw Error(
      ErrorCode::kDiverged,
      fmt::format("stage '{}': the loss is no longer a finite number in epoch {}, step {} ({}); lower the learning "
                  "rate or set gradient_clip",
                  config_.name, position_.epoch + 1, step, checkpoints_.last_in_words()));
}

// Whoever chose the architecture: components may overlook the constraints.
void StageTrainer::check_constraints(const std::string& architecture) const {
  const std::string violated = parts_.stage().violations(architecture);
  if (violated.empty()) return;
  if (!parts_.searches())
    throw Error(ErrorCode::kInvalidConfig,
                fmt::format("stage '{}': its architecture violates the stage's constraints: {}; start a new run with "
                            "other constraints or another architecture",
                            config_.name, violated));
  throw Error(
      ErrorCode::kDiverged,
      fmt::format("stage '{}': the architecture that {} found violates the stage's constraints: {}; start a new "
                  "run with other constraints, more epochs or another searcher ({} has this architecture, and {})",
                  config_.name, parts_.searcher().id(), violated, run_.directory.file("architecture.json").string(),
                  checkpoints_.last_in_words()));
}

void StageTrainer::write_model() const {
  const auto calibration = [this]() -> BatchFeed& { return *data_.calibration; };
  const EvaluationWeights weights(parts_, parts_.gates(GatePurpose::kEvaluation, progress()), calibration,
                                  evaluation_setting());
  const int64_t epochs = position_.epoch + 1;
  dha::write_model(run_.directory.file("model"), parts_, architecture(),
                   {run_.config,
                    run_.directory.file(kDatasetFile),
                    model_input(run_.dataset),
                    {true, config_.name, Weights::kLast, epochs, epochs}},
                   run_.log);
}

void StageTrainer::write_predictions() const {
  const ImageSet validation = choose_stage_images(run_.images, config_, run_.config.seed).validation;
  dha::write_predictions(run_.directory, run_.dataset, validation, run_.images.test, position_.predictions, run_.log);
}

void StageTrainer::draw_augmentation(const char* file) const {
  if (!shows_augmentation_ || config_.augment.empty()) return;
  const LongWork work("drawing augmented images");
  const ImageSet train = choose_stage_images(run_.images, config_, run_.config.seed).train;
  write_augmented_images(run_.directory.file(file), parts_, environment_of(run_, config_), train);
}

StageResult StageTrainer::result() const {
  StageResult result;
  result.name = config_.name;
  result.checkpoint = checkpoints_.last().lexically_relative(run_.directory.path()).string();
  const std::filesystem::path best = best_checkpoint(run_.directory.file("checkpoints"), config_.name);
  if (keeps_best_ && position_.measurements.best_epoch && std::filesystem::exists(best))
    result.best_checkpoint = best.lexically_relative(run_.directory.path()).string();
  result.epochs = position_.epoch;
  result.steps = position_.epoch * data_.train->steps();
  result.was_stopped = position_.stopped;
  result.seconds = seconds();
  result.train_loss = position_.epoch_means.loss;
  result.train_accuracy = position_.epoch_means.accuracy;
  result.measurements = position_.measurements;
  result.architecture = architecture();
  result.choices = static_cast<int64_t>(position_.first_choices.size());
  result.changed_choices = position_.changed_choices;
  result.cost = parts_.stage().cost(result.architecture);
  result.images_per_second = static_cast<double>(position_.images_trained) / std::max(1e-9, position_.training_seconds);
  return result;
}

}  // namespace dha
