#include "stage/stage_position.hpp"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

Json position_of(const std::unique_ptr<CyclingFeed>& feed) {
  return feed ? Json{feed->epoch(), feed->step()} : Json(nullptr);
}

void seek(const std::unique_ptr<CyclingFeed>& feed, const Json& position) {
  if (feed && position.is_array()) feed->seek(position.at(0), position.at(1));
}

// Names of the tensors in a checkpoint. Mistakes are of test images, which an interrupted epoch evaluates again.
std::map<std::string, at::Tensor Predictions::*> saved_predictions() {
  return {{"trainer/validation.predicted", &Predictions::predicted},
          {"trainer/validation.probability", &Predictions::probability},
          {"trainer/validation.probability_of_true", &Predictions::probability_of_true}};
}

double number(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

}  // namespace

void StagePosition::plan(int64_t epochs) {
  if (last_epoch == planned_epochs && epochs > planned_epochs) {
    last_epoch = epochs;
    if (!stopped) over = false;
  }
  planned_epochs = epochs;
}

void StagePosition::save(const StageData& data, const LossScale& loss_scale, State& checkpoint) const {
  Json json = Json::parse(checkpoint.json);
  json["trainer"] = {{"epoch", epoch},
                     {"step", step},
                     {"last_epoch", last_epoch},
                     {"planned_epochs", planned_epochs},
                     {"components_ended", components_ended},
                     {"over", over},
                     {"stopped", stopped},
                     {"architecture", architecture},
                     {"first_choices", first_choices},
                     {"changed_choices", changed_choices},
                     {"skip_share", skip_share},
                     {"supernet", supernet ? Json{supernet->accuracy, supernet->agreement} : Json(nullptr)},
                     {"collapsed", collapsed},
                     {"train_loss", epoch_means.loss},
                     {"train_accuracy", epoch_means.accuracy},
                     {"measurements", to_json(measurements)},
                     {"step_values", step_values},
                     {"seconds", seconds},
                     {"training_seconds", training_seconds},
                     {"epoch_seconds", epoch_seconds},
                     {"images_trained", images_trained},
                     {"search_batches", position_of(data.search_batches)},
                     {"probe_batches", position_of(data.probe_batches)}};
  checkpoint.json = json.dump();
  for (const auto& [name, tensor] : epoch_totals.tensors()) checkpoint.tensors["trainer/epoch." + name] = tensor;
  for (const auto& [name, tensor] : interval_totals.tensors()) checkpoint.tensors["trainer/interval." + name] = tensor;
  if (predictions.validation)
    for (const auto& [name, member] : saved_predictions()) checkpoint.tensors[name] = *predictions.validation.*member;
  const std::vector<at::Tensor> scale = loss_scale.tensors();
  for (size_t i = 0; i < scale.size(); ++i) checkpoint.tensors[fmt::format("trainer/loss_scale.{}", i)] = scale[i];
}

void StagePosition::restore(const State& checkpoint, StageData& data, LossScale& loss_scale) {
  const Json json = Json::parse(checkpoint.json).at("trainer");
  epoch = json.at("epoch");
  step = json.at("step");
  last_epoch = json.at("last_epoch");
  planned_epochs = json.at("planned_epochs");
  components_ended = json.at("components_ended");
  over = json.at("over");
  stopped = json.at("stopped");
  architecture = json.at("architecture");
  first_choices = json.at("first_choices").get<std::vector<std::vector<int64_t>>>();
  changed_choices = json.at("changed_choices");
  skip_share = json.at("skip_share");
  supernet.reset();
  if (const Json& saved = json.at("supernet"); !saved.is_null()) supernet = {number(saved.at(0)), number(saved.at(1))};
  collapsed = json.at("collapsed");
  epoch_means = {number(json.at("train_loss")), number(json.at("train_accuracy")), 0, 0};
  measurements = stage_measurements_from_json(json.at("measurements"));
  step_values.clear();
  for (const auto& [name, value] : json.at("step_values").items()) step_values[name] = number(value);
  seconds = json.at("seconds");
  training_seconds = json.at("training_seconds");
  epoch_seconds = json.at("epoch_seconds");
  images_trained = json.at("images_trained");
  seek(data.search_batches, json.at("search_batches"));
  seek(data.probe_batches, json.at("probe_batches"));
  epoch_totals.restore({{"sums", checkpoint.tensors.at("trainer/epoch.sums")}});
  interval_totals.restore({{"sums", checkpoint.tensors.at("trainer/interval.sums")}});
  predictions = {};
  if (checkpoint.tensors.contains(saved_predictions().begin()->first)) {
    predictions.validation.emplace();
    for (const auto& [name, member] : saved_predictions())
      *predictions.validation.*member = checkpoint.tensors.at(name);
  }
  if (checkpoint.tensors.contains("trainer/loss_scale.0"))
    loss_scale.restore({checkpoint.tensors.at("trainer/loss_scale.0"), checkpoint.tensors.at("trainer/loss_scale.1")});
}

}  // namespace dha
