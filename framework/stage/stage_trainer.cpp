#include "stage/stage_trainer.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "component/trained_config.hpp"
#include "device/stream_scope.hpp"
#include "dha/error.hpp"
#include "model/precision.hpp"
#include "process/signals.hpp"
#include "stage/run_artifacts.hpp"
#include "step/fetch_values.hpp"
#include "step/stage_services.hpp"
#include "storage/checkpoint_store.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

ProbePlan plan_of(const StageParts& parts) {
  return parts.hyper().call("probe", [](HyperOptimizer& hyper) { return hyper.probe(); });
}

Json position(const std::unique_ptr<CyclingFeed>& feed) {
  return feed ? Json{feed->epoch(), feed->step()} : Json(nullptr);
}

void seek(const std::unique_ptr<CyclingFeed>& feed, const Json& position) {
  if (feed && position.is_array()) feed->seek(position.at(0), position.at(1));
}

}  // namespace

StageEnvironment environment_of(const RunContext& scene) {
  return {scene.registry, scene.services, scene.dataset.info(), weight_type(scene.config.precision),
          scene.config.channels_last};
}

std::filesystem::path stage_checkpoint(const RunDirectory& directory, const std::string& place, int64_t epochs_done,
                                       int64_t steps_done) {
  std::string name = place;
  std::replace(name.begin(), name.end(), '/', '.');
  return directory.checkpoint(name, epochs_done, steps_done);
}

StageTrainer::StageTrainer(const RunContext& scene, const StageConfig& config, const std::string& place)
    : scene_(scene),
      config_(config),
      place_(place),
      is_trial_(place != config.name),
      last_epoch_(config.epochs),
      device_(scene.services.device),
      parts_(config, environment_of(scene), place),
      data_(make_stage_data(scene.images, config, plan_of(parts_), scene.config.seed, place, device_,
                            scene.config.loader_threads)),
      normalizer_(scene.dataset.info(), at::TensorOptions(device_).dtype(weight_type(scene.config.precision)),
                  scene.config.channels_last),
      criterion_(config.label_smoothing),
      loss_scale_(scene.config.precision, device_),
      options_{config.gradient_clip, scene.config.precision, device_},
      epoch_totals_(device_),
      interval_totals_(device_) {}

void StageTrainer::begin_afresh(const std::string& architecture) { parts_.make_network(architecture); }

void StageTrainer::begin_from(const StageConfig& earlier_config, const State& earlier) {
  if (config_.carries("searcher")) parts_.restore_searcher(earlier);
  if (config_.carries("augment")) parts_.restore_augmenters(earlier);
  const Json json = Json::parse(earlier.json);
  parts_.make_network(config_.carries("architecture") ? json.at("derived").get<std::string>() : "");
  if (config_.carries("weights")) carry_weights(earlier_config, earlier);
  if (config_.carries("hyper")) parts_.restore_hyper(earlier);
  if (config_.carries("weights") && scene_.images.validation.empty() &&
      config_.validation_fraction > earlier_config.validation_fraction)
    scene_.log.write(LogLevel::kWarning, "dha",
                     fmt::format("stage '{}' validates on images that the weights of '{}' were trained on, which held "
                                 "out fewer; give that stage the validation_fraction {} too",
                                 place_, earlier_config.name, config_.validation_fraction));
}

void StageTrainer::begin_trial(const Trial& trial, const StageConfig& earlier_config, const State* earlier) {
  parts_.make_network(trial.architecture);
  epoch_ = trial.first_epoch;
  last_epoch_ = std::min(config_.epochs, trial.last_epoch.value_or(config_.epochs));
  if (earlier == nullptr) return;
  for (const std::string& what : trial.carry) {
    if (what == "weights")
      carry_weights(earlier_config, *earlier);
    else if (what == "hyper")
      parts_.restore_hyper(*earlier);
    else if (what == "augment")
      parts_.restore_augmenters(*earlier);
    else
      throw Error(ErrorCode::kContractViolation,
                  fmt::format("trial {} carries '{}'; expected weights, hyper or augment", trial.id, what));
  }
}

void StageTrainer::carry_weights(const StageConfig& earlier_config, const State& earlier) {
  StageParts earlier_parts(trained_config(earlier_config, earlier), environment_of(scene_), earlier_config.name);
  earlier_parts.restore(earlier);
  parts_.carry_weights(earlier_parts);
}

State StageTrainer::checkpoint() const {
  State state = parts_.state();
  Json json = Json::parse(state.json);
  json["derived"] = parts_.architecture();
  json["files"] = growing_files(scene_.directory);
  json["unreadable"] = scene_.dataset.unreadable();
  json["trainer"] = {{"place", place_},
                     {"params", component_params(config_)},
                     {"epoch", epoch_},
                     {"step", step_in_epoch_},
                     {"over", over_},
                     {"epoch_ended", epoch_ended_},
                     {"step_values", step_values_},
                     {"last_epoch", last_epoch_},
                     {"search_batches", position(data_.search_batches)},
                     {"probe_batches", position(data_.probe_batches)},
                     {"seconds", seconds_before_ + now() - begun_},
                     {"training_seconds", training_seconds_},
                     {"epoch_seconds", epoch_seconds_},
                     {"images_trained", images_trained_},
                     {"train_loss", epoch_means_.loss},
                     {"train_accuracy", epoch_means_.accuracy},
                     {"validation", to_json(validation_)},
                     {"test", to_json(test_)},
                     {"best_epoch", best_epoch_ ? Json(*best_epoch_) : Json(nullptr)},
                     {"best_validation", to_json(best_validation_)},
                     {"best_test", to_json(best_test_)}};
  for (const auto& [name, tensor] : epoch_totals_.tensors()) state.tensors["trainer/epoch." + name] = tensor;
  for (const auto& [name, tensor] : interval_totals_.tensors()) state.tensors["trainer/interval." + name] = tensor;
  const std::vector<at::Tensor> scale = loss_scale_.tensors();
  for (size_t i = 0; i < scale.size(); ++i) state.tensors[fmt::format("trainer/loss_scale.{}", i)] = scale[i];
  state.json = json.dump();
  return state;
}

void StageTrainer::resume(const State& checkpoint) {
  parts_.restore(checkpoint);
  const Json trainer = Json::parse(checkpoint.json).at("trainer");
  epoch_ = trainer.at("epoch");
  step_in_epoch_ = trainer.at("step");
  over_ = trainer.at("over");
  last_epoch_ = trainer.at("last_epoch");
  seek(data_.search_batches, trainer.at("search_batches"));
  seek(data_.probe_batches, trainer.at("probe_batches"));
  seconds_before_ = trainer.at("seconds");
  training_seconds_ = trainer.at("training_seconds");
  epoch_seconds_ = trainer.at("epoch_seconds");
  images_trained_ = trainer.at("images_trained");
  epoch_means_ = {trainer.at("train_loss"), trainer.at("train_accuracy"), 0};
  validation_ = measurement_from_json(trainer.at("validation"));
  test_ = measurement_from_json(trainer.at("test"));
  if (!trainer.at("best_epoch").is_null()) best_epoch_ = trainer.at("best_epoch");
  best_validation_ = measurement_from_json(trainer.at("best_validation"));
  best_test_ = measurement_from_json(trainer.at("best_test"));
  epoch_totals_.restore({{"sums", checkpoint.tensors.at("trainer/epoch.sums")}});
  interval_totals_.restore({{"sums", checkpoint.tensors.at("trainer/interval.sums")}});
  if (checkpoint.tensors.contains("trainer/loss_scale.0"))
    loss_scale_.restore({checkpoint.tensors.at("trainer/loss_scale.0"), checkpoint.tensors.at("trainer/loss_scale.1")});
  for (const auto& [name, value] : trainer.at("step_values").items())
    step_values_[name] = value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
  epoch_ended_ = trainer.at("epoch_ended");
  last_checkpoint_ = checkpoint_file().string();
}

std::filesystem::path StageTrainer::checkpoint_file() const {
  return is_trial_ ? stage_checkpoint(scene_.directory, place_, 0)
                   : stage_checkpoint(scene_.directory, place_, epoch_, step_in_epoch_);
}

// What a component or a full disk ends says where the stage stands, as the stage's own errors do.
StageResult StageTrainer::train(const KeepGoing& keep_going) try {
  begun_ = last_saved_ = now();
  if (config_.stop_when_searcher_finished && !parts_.searches() && epoch_ == 0)
    scene_.log.write(LogLevel::kInfo, "dha",
                     fmt::format("stage '{}': stop_when has no effect, its architecture is decided", place_));
  const bool records = scene_.config.graph == "auto" && device_.is_cuda();
  const StreamScope stream(records ? device_ : at::Device(at::kCPU));
  step_.emplace(parts_, data_, normalizer_, criterion_, loss_scale_, options_);
  replayer_.emplace(*step_, parts_, records, scene_.log);
  while ((!over_ || epoch_ended_) && epoch_ < last_epoch_) {
    train_epoch();
    finish_epoch(keep_going);
  }
  replayer_.reset();  // with what it recorded on the stream
  return result();
} catch (const Error& error) {
  const bool is_of_component = dynamic_cast<const ComponentError*>(&error) != nullptr;
  if (error.code() != ErrorCode::kIo && !(is_of_component && error.code() == ErrorCode::kDiverged)) throw;
  throw Error(error.code(), fmt::format("{} ({})", error.what(), last_checkpoint_text()));
}

void StageTrainer::train_epoch() {
  data_.train->begin(epoch_, step_in_epoch_);
  parts_.set_drop_path(config_.drop_path * static_cast<double>(epoch_) / static_cast<double>(config_.epochs));
  parts_.space().call("begin_epoch", [&](Space&) { parts_.network().begin_epoch(progress()); });
  if (step_in_epoch_ == 0) begin_epoch();
  replayer_->begin_epoch();
  double begun = interval_begun_ = epoch_begun_ = now();
  const auto count_time = [&] { epoch_seconds_ += now() - std::exchange(begun, now()); };
  while (const std::optional<Batch> batch = data_.train->next()) {
    if (batch->labels.size(0) > 0) {
      train_batch(*batch);
    }
    ++step_in_epoch_;
    if (step_in_epoch_ % config_.log_every == 0) write_step_row();
    show_progress();
    if (stop_requested()) {
      count_time();
      interrupt();
    }
    if (checkpoint_is_due()) {
      count_time();
      save_checkpoint();
      begun = now();
    }
  }
  epoch_means_ = epoch_totals_.means();  // waits for what the device has yet to do of the epoch
  count_time();
}

bool StageTrainer::checkpoint_is_due() const {
  const PipelineConfig& config = scene_.config;
  return (config.checkpoint_every_steps > 0 && step_in_epoch_ % config.checkpoint_every_steps == 0) ||
         (config.checkpoint_every_minutes > 0 && now() - last_saved_ >= 60 * config.checkpoint_every_minutes);
}

void StageTrainer::train_batch(const Batch& batch) {
  try {
    const StepReport report = replayer_->run(step_->input_for(batch), progress());
    epoch_totals_.add(report.losses, report.correct);
    interval_totals_.add(report.losses, report.correct);
  } catch (const Error&) {
    // A component that was fed a loss that is not finite fails a step later; the loss is what the user needs to know.
    const EpochTotals::Means means = epoch_totals_.means();
    check_finite(means.loss, means.finite_steps + 1);
    throw;
  }
  images_trained_ += batch.labels.size(0);
}

void StageTrainer::begin_epoch() {
  const Progress at = progress();
  for (const ComponentSlot<Augmenter>& slot : parts_.augmenters())
    slot.call("begin_epoch", [&](Augmenter& augmenter) { augmenter.begin_epoch(at); });
  if (parts_.searches()) parts_.searcher().call("begin_epoch", [&](Searcher& s) { s.begin_epoch(at); });
}

void StageTrainer::finish_epoch(const KeepGoing& keep_going) {
  if (epoch_means_.images == 0)
    throw Error(ErrorCode::kData, fmt::format("stage '{}': none of the training images can be read", place_));
  check_finite(epoch_means_.loss, epoch_means_.finite_steps + 1);
  EpochOutcome outcome{progress(), epoch_means_.loss, epoch_means_.accuracy};
  judge(outcome, keep_going);
  training_seconds_ += epoch_seconds_;
  write_epoch_row(outcome);
  ++epoch_;
  epoch_seconds_ = 0;
  step_in_epoch_ = 0;
  epoch_ended_ = false;
  step_values_.clear();
  epoch_totals_.reset();
  interval_totals_.reset();
  if (!is_trial_) write_learned(scene_.directory, parts_);
  save_checkpoint();
}

// The evaluations that are due at an epoch's end, and between them what the components make of the epoch. Where that
// ends the stage, its result is to have a validation of its own.
void StageTrainer::judge(EpochOutcome& outcome, const KeepGoing& keep_going) {
  const bool due = data_.validation && ((epoch_ + 1) % config_.evaluate_every == 0 || epoch_ + 1 == last_epoch_);
  const auto validate = [&](bool measured_before) {
    if (!measured_before) validation_ = measure(*data_.validation, "validation");
    outcome.has_validation = true;
    outcome.validation_loss = validation_->loss;
    outcome.validation_accuracy = validation_->accuracy;
  };
  if (due) validate(epoch_ended_);
  if (!epoch_ended_) {
    end_components(outcome);
    over_ = over_ || (keep_going && !keep_going(outcome));
  }
  epoch_ended_ = true;
  if (data_.validation && over_ && !due) validate(false);
  const bool better =
      outcome.has_validation && (!best_validation_ || validation_->accuracy > best_validation_->accuracy);
  const bool tested = data_.test && !is_trial_ && (over_ || better);
  test_ = tested ? std::optional(measure(*data_.test, "test")) : std::nullopt;
  if (!better) return;
  best_epoch_ = epoch_ + 1;
  best_validation_ = validation_;
  best_test_ = test_;
}

StageResult StageTrainer::test_chosen_trial() {
  if (data_.test) {
    test_ = measure(*data_.test, "test");
    scene_.metrics.write(
        {{"event", "test"}, {"stage", place_}, {"test_loss", test_->loss}, {"test_accuracy", test_->accuracy}});
    scene_.log.write(LogLevel::kInfo, "dha", fmt::format("{}: test {:.2f} %", place_, 100 * test_->accuracy));
  }
  return result();
}

void StageTrainer::end_components(const EpochOutcome& outcome) {
  for (const ComponentSlot<Augmenter>& slot : parts_.augmenters())
    slot.call("end_epoch", [&](Augmenter& augmenter) { augmenter.end_epoch(outcome); });
  parts_.hyper().call("end_epoch", [&](HyperOptimizer& hyper) { hyper.end_epoch(outcome); });
  over_ = epoch_ + 1 == last_epoch_;
  if (!parts_.searches()) return;
  StageServices services(parts_, data_, normalizer_, criterion_, loss_scale_, options_, progress(), {});
  parts_.searcher().call("end_epoch", [&](Searcher& searcher) { searcher.end_epoch(services); });
  over_ = over_ || (config_.stop_when_searcher_finished &&
                    parts_.searcher().call("finished", [](Searcher& s) { return s.finished(); }));
  if (over_) parts_.searcher().call("end_stage", [&](Searcher& searcher) { searcher.end_stage(services); });
}

// A stop leaves a checkpoint from which the evaluation is made again.
Measurement StageTrainer::measure(BatchFeed& feed, const char* split) try {
  const Gates gates = parts_.gates(progress(), /*with_gradients=*/false);
  const Measurement found = evaluate(parts_, gates, feed, normalizer_, options_.precision, device_);
  if (std::isfinite(found.loss)) return found;
  const std::string what = fmt::format("the {} loss is not a finite number after epoch {}", split, epoch_ + 1);
  // An architecture that a search has just turned to has statistics of its batch norms yet to learn.
  if (!parts_.searches())
    throw Error(ErrorCode::kDiverged, fmt::format("stage '{}': {} ({}); lower the learning rate or set gradient_clip",
                                                  place_, what, last_checkpoint_text()));
  scene_.log.write(LogLevel::kWarning, "dha", fmt::format("stage '{}': {}", place_, what));
  return found;
} catch (const Error& error) {
  if (error.code() == ErrorCode::kCancelled) interrupt();
  throw;
}

Progress StageTrainer::progress() const { return {epoch_, config_.epochs, step_in_epoch_, data_.train->steps()}; }

void StageTrainer::write_step_row() {
  EpochTotals::Means means;
  const Json values = component_values(&means);
  interval_totals_.reset();
  const double at = now();
  const double rate = static_cast<double>(means.images) / std::max(1e-9, at - interval_begun_);
  interval_begun_ = at;
  Json row{{"event", "step"},           {"stage", place_},
           {"epoch", epoch_ + 1},       {"step", step_in_epoch_},
           {"loss", means.loss},        {"accuracy", means.accuracy},
           {"images_per_second", rate}, {"time_s", seconds_before_ + at - begun_}};
  row.update(values);
  for (const auto& [name, value] : values.items()) step_values_[name] = value;
  scene_.metrics.write(row);
  shown_ = {means.loss, means.accuracy, rate};
}

// Once a second. Loss and accuracy are those of the last row of steps, since fetching newer ones from a device would
// hold it up; on the CPU they are the epoch's so far.
void StageTrainer::show_progress() {
  const int64_t steps = data_.train->steps();
  const double at = now();
  if (at - shown_at_ < 1) return;
  shown_at_ = at;
  if (device_.is_cpu()) {
    const EpochTotals::Means means = epoch_totals_.means();
    shown_ = {means.loss, means.accuracy, static_cast<double>(means.images) / std::max(1e-9, at - epoch_begun_)};
  }
  const int64_t left = (last_epoch_ - epoch_) * steps - step_in_epoch_;
  scene_.console.progress({.stage = fmt::format("{} {}/{}", place_, epoch_ + 1, last_epoch_),
                           .done = step_in_epoch_,
                           .total = steps,
                           .loss = shown_.loss,
                           .accuracy = shown_.accuracy,
                           .images_per_second = shown_.images_per_second,
                           .seconds_left = static_cast<double>(left * config_.batch_size) / shown_.images_per_second});
}

void StageTrainer::write_epoch_row(const EpochOutcome& outcome) {
  Json row{{"event", "epoch"},
           {"stage", place_},
           {"epoch", epoch_ + 1},
           {"train_loss", outcome.train_loss},
           {"train_accuracy", outcome.train_accuracy}};
  if (outcome.has_validation) {
    row["validation_loss"] = outcome.validation_loss;
    row["validation_accuracy"] = outcome.validation_accuracy;
  }
  if (test_) {
    row["test_loss"] = test_->loss;
    row["test_accuracy"] = test_->accuracy;
  }
  row.update(Json(step_values_));  // those that no step has set since stay
  row.update(component_values());
  if (parts_.searches())
    row["searcher"] = Json::parse(parts_.searcher().call("report", [](Searcher& s) { return s.report(); }));
  row["images_per_second"] = static_cast<double>(epoch_means_.images) / std::max(1e-9, epoch_seconds_);
  row["time_s"] = seconds_before_ + now() - begun_;
  scene_.metrics.write(row);

  std::string line = fmt::format("{} {}/{}: loss {:.3f}, accuracy {:.1f} %", place_, epoch_ + 1, last_epoch_,
                                 outcome.train_loss, 100 * outcome.train_accuracy);
  if (outcome.has_validation) line += fmt::format(", validation {:.1f} %", 100 * outcome.validation_accuracy);
  if (test_) line += fmt::format(", test {:.2f} %", 100 * test_->accuracy);
  scene_.console.end_progress();
  scene_.log.write(LogLevel::kInfo, "dha", line);
}

// What the hyper-optimizer and the components' metrics say, as fields of a row; the former also as rows of hyper.csv.
// All of it, and the totals of the interval where they are asked for, comes to the host at once.
Json StageTrainer::component_values(EpochTotals::Means* interval) {
  std::vector<at::Tensor> tensors{interval_totals_.sums()};
  const std::vector<NamedTensor> hyper =
      parts_.hyper().call("values", [](HyperOptimizer& optimizer) { return optimizer.values(); });
  for (const NamedTensor& value : hyper) tensors.push_back(value.tensor);
  std::vector<std::string> names;
  const auto add = [&](const auto& slot) {
    if (!slot) return;
    for (const auto& [name, value] : slot.context().take_metrics()) {
      names.push_back(slot.id() + "." + name);
      tensors.push_back(value);
    }
  };
  for (const ComponentSlot<Augmenter>& slot : parts_.augmenters()) add(slot);
  add(parts_.hyper());
  add(parts_.searcher());
  add(parts_.space());

  const std::vector<double> fetched = fetch_values(tensors);
  if (interval != nullptr) {
    *interval = EpochTotals::means_of(fetched.data());
    const int64_t first_step = (step_in_epoch_ - 1) / config_.log_every * config_.log_every;
    check_finite(interval->loss, first_step + interval->finite_steps + 1);
  }
  Json values = Json::object();
  const double* number = fetched.data() + interval_totals_.sums().numel();
  for (const NamedTensor& value : hyper) {
    values[value.name] = *number;
    scene_.hyper_table.write(place_, epoch_ + 1, step_in_epoch_, value.name, *number++);
  }
  for (const std::string& name : names) values[name] = *number++;
  return values;
}

void StageTrainer::check_finite(double loss, int64_t step) const {
  if (std::isfinite(loss)) return;
  throw Error(
      ErrorCode::kDiverged,
      fmt::format("stage '{}': the loss is no longer a finite number in epoch {}, step {} ({}); lower the learning "
                  "rate or set gradient_clip",
                  place_, epoch_ + 1, step, last_checkpoint_text()));
}

// A checkpoint that cannot be gone on from must not take the place of one that can.
void StageTrainer::check_weights() const {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> sums;
  const auto add = [&](const std::vector<NamedTensor>& tensors) {
    for (const NamedTensor& one : tensors)
      if (one.tensor.is_floating_point()) sums.push_back(one.tensor.isfinite().all());
  };
  add(parts_.named_weights());
  add(parts_.buffers());
  if (sums.empty() || at::stack(sums).all().item().toBool()) return;
  throw Error(ErrorCode::kDiverged,
              fmt::format("stage '{}': weights are no longer finite numbers after epoch {}, step {} ({}); lower the "
                          "learning rate or set gradient_clip",
                          place_, epoch_ + (step_in_epoch_ > 0 ? 1 : 0), step_in_epoch_, last_checkpoint_text()));
}

std::string StageTrainer::last_checkpoint_text() const {
  return last_checkpoint_.empty() ? "there is no checkpoint yet" : "the last good checkpoint is " + last_checkpoint_;
}

void StageTrainer::interrupt() {
  scene_.console.end_progress();
  save_checkpoint();
  throw Error(ErrorCode::kCancelled, fmt::format("interrupted in stage '{}', epoch {}, step {}: {}", place_, epoch_ + 1,
                                                 step_in_epoch_, last_checkpoint_text()));
}

std::filesystem::path StageTrainer::write_checkpoint() const {
  if (is_trial_ && !(over_ && step_in_epoch_ == 0))
    return save_within_(checkpoint(), epoch_ * data_.train->steps() + step_in_epoch_);
  const std::filesystem::path file = checkpoint_file();
  dha::save_checkpoint(file, checkpoint());
  return file;
}

void StageTrainer::save_checkpoint() {
  check_weights();
  const std::filesystem::path file = write_checkpoint();
  last_checkpoint_ = file.string();
  last_saved_ = now();
  if (scene_.config.keep_checkpoints > 0) remove_old_checkpoints(file.parent_path(), scene_.config.keep_checkpoints);
}

StageResult StageTrainer::result() const {
  StageResult result;
  result.name = place_;
  result.checkpoint = std::filesystem::path(last_checkpoint_).lexically_relative(scene_.directory.path()).string();
  result.epochs = epoch_;
  result.seconds = seconds_before_ + now() - begun_;
  result.train_loss = epoch_means_.loss;
  result.train_accuracy = epoch_means_.accuracy;
  result.validation = validation_;
  result.test = test_;
  result.best_epoch = best_epoch_;
  result.best_validation = best_validation_;
  result.best_test = best_test_;
  result.architecture = parts_.architecture();
  result.cost = parts_.space().call("cost", [&](Space& space) { return space.cost(result.architecture); });
  result.images_per_second = static_cast<double>(images_trained_) / std::max(1e-9, training_seconds_);
  return result;
}

}  // namespace dha
