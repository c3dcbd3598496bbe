#include "stage/stage_reporter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "component/component_json.hpp"
#include "step/fetch_values.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

void StageReporter::begin_epoch(double now) { epoch_begun_ = interval_begun_ = now; }

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
  if (now - shown_at_ < 1) return;
  shown_at_ = now;
  if (run_.services.device.is_cpu()) {
    const EpochTotals::Means means = position.epoch_totals.means();
    shown_ = {means.loss, means.accuracy, static_cast<double>(means.images) / std::max(1e-9, now - epoch_begun_)};
  }
  const StageConfig& config = parts_.config();
  const int64_t left = (position.last_epoch - position.epoch) * steps_ - position.step;
  run_.console.progress({.stage = fmt::format("{} {}/{}", config.name, position.epoch + 1, position.last_epoch),
                         .done = position.step,
                         .total = steps_,
                         .loss = shown_.loss,
                         .accuracy = shown_.accuracy,
                         .images_per_second = shown_.images_per_second,
                         .seconds_left = static_cast<double>(left * config.batch_size) / shown_.images_per_second});
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

  std::string line = fmt::format("{} {}/{}: loss {:.3f}, accuracy {:.1f} %", config.name, position.epoch + 1,
                                 position.last_epoch, position.epoch_means.loss, 100 * position.epoch_means.accuracy);
  if (const auto accuracy = outcome.measurements.find(quantity::kValidationAccuracy))
    line += fmt::format(", validation {:.1f} %", 100 * *accuracy);
  if (position.measurements.test) line += fmt::format(", test {:.2f} %", 100 * position.measurements.test->accuracy());
  run_.console.end_progress();
  run_.log.write(LogLevel::kInfo, "dha", line);
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
