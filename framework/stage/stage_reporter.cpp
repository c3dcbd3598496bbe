#include "stage/stage_reporter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "component/component_json.hpp"
#include "step/fetch_values.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

void StageReporter::begin_epoch(const StagePosition& position, double now) {
  epoch_begun_ = interval_begun_ = now;
  images_before_ = images_noted_ = position.images_trained;
  if (run_.estimate != nullptr) run_.estimate->skip();
  run_.console.progress(progress_line(position));
}

void StageReporter::note_validation(const StagePosition& position) {
  if (run_.estimate != nullptr)
    run_.estimate->note_evaluated(static_cast<double>(position.measurements.validation->images));
}

void StageReporter::note_epoch_end() {
  if (run_.estimate != nullptr) run_.estimate->note_epoch_end();
}

EpochTotals::Means StageReporter::write_steps(StagePosition& position, double now, double seconds) {
  EpochTotals::Means means;
  const Json values = component_values(position, means, HyperRows::kWrite);
  position.interval_totals.reset();
  const double rate = static_cast<double>(means.images) / std::max(1e-9, now - interval_begun_);
  interval_begun_ = now;
  Json row{
      {"event", "step"},    {"stage", parts_.config().name}, {"epoch", position.epoch + 1}, {"step", position.step},
      {"loss", means.loss}, {"accuracy", means.accuracy},    {"images_per_second", rate},   {"time_s", seconds}};
  row.update(values);
  for (const auto& [name, value] : values.items()) position.step_values[name] = value;
  run_.metrics.write(row);
  if (run_.events) run_.events->write(parts_.config().name + "/step", position.epoch * steps_ + position.step, row);
  shown_ = {means.loss, means.accuracy, rate};
  return means;
}

// Loss and accuracy are those of the last row of steps, since fetching newer ones from a device would hold it up; on
// the CPU they are the epoch's so far.
void StageReporter::show_progress(const StagePosition& position, double now) {
  if (now - shown_at_ < 1 && position.step < steps_) return;
  shown_at_ = now;
  const auto images = static_cast<double>(position.images_trained - images_before_);
  if (run_.services.device.is_cpu()) {
    const EpochTotals::Means means = position.epoch_totals.means();
    shown_ = {means.loss, means.accuracy, images / std::max(1e-9, now - epoch_begun_)};
  }
  if (run_.estimate != nullptr)
    run_.estimate->note_trained(
        static_cast<double>(position.images_trained - std::exchange(images_noted_, position.images_trained)));
  ProgressLine line = progress_line(position);
  line.loss = shown_.loss;
  line.accuracy = shown_.accuracy;
  line.images_per_second = shown_.images_per_second;
  line.seconds_left = seconds_left(position, {position.epoch, position.step, position.last_epoch});
  run_.console.progress(line);
}

// Without the numbers that differ between an epoch under way and one that is over.
ProgressLine StageReporter::progress_line(const StagePosition& position) const {
  ProgressLine line;
  line.stage = fmt::format("{} {}/{}", parts_.config().name, position.epoch + 1, position.last_epoch);
  line.done = position.step;
  line.total = steps_;
  if (position.measurements.best_validation) {
    line.best = position.measurements.best_validation->accuracy();
    line.best_at = position.measurements.best_epoch.value_or(0);
  }
  return line;
}

// NaN where it is not known.
double StageReporter::seconds_left(const StagePosition& position, const EpochRange& range) const {
  if (run_.estimate == nullptr) return ProgressLine::kUnknown;
  const EpochRange none{range.epoch, 0, range.epoch};
  return run_.estimate->seconds_left(work_in(parts_.config(), run_.images, position.over ? none : range));
}

void StageReporter::write_epoch(const StagePosition& position, const EpochOutcome& outcome, double seconds) {
  const StageConfig& config = parts_.config();
  Json row{{"event", "epoch"}, {"stage", config.name}, {"epoch", position.epoch + 1}};
  for (const Quantity& measured : outcome.measurements) row[measured.name] = measured.value;
  if (position.measurements.test)
    for (const Quantity& metric : position.measurements.test->values) row["test_" + metric.name] = metric.value;
  row.update(Json(position.step_values));  // those that no step has set since stay
  EpochTotals::Means rest;
  row.update(component_values(position, rest, HyperRows::kNone));  // hyper.csv has them of the last step
  if (parts_.searches()) {
    row["skip_share"] = position.skip_share;
    if (position.supernet) {
      row["supernet_accuracy"] = position.supernet->accuracy;
      row["supernet_agreement"] = position.supernet->agreement;
    }
    row["searcher"] = parse_component_json(parts_.searcher().id(), "report", parts_.searcher().report());
  }
  row["images_per_second"] = static_cast<double>(position.epoch_means.images) / std::max(1e-9, position.epoch_seconds);
  row["time_s"] = seconds;
  run_.metrics.write(row);
  if (run_.events) run_.events->write(config.name + "/epoch", (position.epoch + 1) * steps_, row);

  ProgressLine line = progress_line(position);
  line.loss = position.epoch_means.loss;
  line.accuracy = position.epoch_means.accuracy;
  if (const auto accuracy = outcome.measurements.find(quantity::kValidationAccuracy)) line.validation = *accuracy;
  if (position.measurements.test) line.test = position.measurements.test->accuracy();
  line.images_per_second = row["images_per_second"];
  line.seconds_left = seconds_left(position, {position.epoch + 1, 0, position.last_epoch});
  run_.console.finish_progress(line);
  run_.log.record(LogLevel::kInfo, "dha", format_epoch(line));
}

// What the hyper-optimizer and the components' metrics say, as fields of a row. All of it, and the means of the
// interval, comes to the host at once.
Json StageReporter::component_values(const StagePosition& position, EpochTotals::Means& interval, HyperRows rows) {
  std::vector<at::Tensor> tensors{position.interval_totals.sums()};
  const std::vector<NamedTensor> hyper = parts_.hyper().values();
  for (const NamedTensor& value : hyper) tensors.push_back(value.tensor);
  std::vector<std::string> names;
  const auto add = [&](const auto& component) {
    for (const auto& [name, value] : component.context().take_metrics()) {
      names.push_back(component.id() + "." + name);
      tensors.push_back(value);
    }
  };
  for (const auto& augmenter : parts_.augmenters()) add(*augmenter);
  add(parts_.hyper());
  if (parts_.has_searcher()) add(parts_.searcher());
  add(parts_.space());

  const std::vector<double> fetched = fetch_values(tensors);
  interval = EpochTotals::means_of(fetched.data());
  Json values = Json::object();
  const double* number = fetched.data() + position.interval_totals.sums().numel();
  for (const NamedTensor& value : hyper) {
    values[value.name] = *number;
    if (rows == HyperRows::kWrite)
      run_.hyper_table.write(parts_.config().name, position.epoch + 1, position.step, value.name, *number);
    ++number;
  }
  for (const std::string& name : names) values[name] = *number++;
  return values;
}

}  // namespace dha
