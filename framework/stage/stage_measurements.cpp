#include "stage/stage_measurements.hpp"

#include <limits>
#include <nlohmann/json.hpp>

namespace dha {

using Json = nlohmann::ordered_json;

bool StageMeasurements::is_best() const {
  return validation && (!best_validation || validation->accuracy() > best_validation->accuracy());
}

void StageMeasurements::note_best(int64_t epoch) {
  best_epoch = epoch;
  best_validation = validation;
  best_test = test;
}

Quantities epoch_quantities(double train_loss, double train_accuracy, const std::optional<Measurement>& validation) {
  Quantities quantities{{quantity::kTrainLoss, train_loss}, {quantity::kTrainAccuracy, train_accuracy}};
  if (validation)
    for (const Quantity& metric : validation->values) quantities.set("validation_" + metric.name, metric.value);
  return quantities;
}

Json to_json(const std::optional<Measurement>& measurement) {
  if (!measurement) return nullptr;
  Json json = Json::object();
  for (const Quantity& metric : measurement->values) json[metric.name] = metric.value;
  json["images"] = measurement->images;
  return json;
}

std::optional<Measurement> measurement_from_json(const Json& json) {
  if (json.is_null()) return std::nullopt;
  Measurement measurement;
  for (const auto& [name, value] : json.items()) {
    if (name == "images")
      measurement.images = value;
    else  // null: not a finite number, for which JSON has no notation
      measurement.values.set(name, value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>());
  }
  return measurement;
}

Json to_json(const StageMeasurements& measurements) {
  return {{"validation", to_json(measurements.validation)},
          {"test", to_json(measurements.test)},
          {"best_epoch", measurements.best_epoch ? Json(*measurements.best_epoch) : Json(nullptr)},
          {"best_validation", to_json(measurements.best_validation)},
          {"best_test", to_json(measurements.best_test)}};
}

StageMeasurements stage_measurements_from_json(const Json& json) {
  StageMeasurements measurements;
  measurements.validation = measurement_from_json(json.at("validation"));
  measurements.test = measurement_from_json(json.at("test"));
  if (!json.at("best_epoch").is_null()) measurements.best_epoch = json.at("best_epoch");
  measurements.best_validation = measurement_from_json(json.at("best_validation"));
  measurements.best_test = measurement_from_json(json.at("best_test"));
  return measurements;
}

}  // namespace dha
