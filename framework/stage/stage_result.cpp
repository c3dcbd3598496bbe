#include "stage/stage_result.hpp"

#include <limits>
#include <nlohmann/json.hpp>

namespace dha {

using Json = nlohmann::ordered_json;

Json to_json(const std::optional<Measurement>& measurement) {
  if (!measurement) return nullptr;
  return {{"loss", measurement->loss}, {"accuracy", measurement->accuracy}, {"images", measurement->images}};
}

std::optional<Measurement> measurement_from_json(const Json& json) {
  if (json.is_null()) return std::nullopt;
  const Json& loss = json.at("loss");  // null: not a finite number, for which JSON has no notation
  return Measurement{loss.is_null() ? std::numeric_limits<double>::quiet_NaN() : loss.get<double>(),
                     json.at("accuracy"), json.at("images")};
}

Json to_json(const StageResult& result) {
  return {{"name", result.name},
          {"epochs", result.epochs},
          {"seconds", result.seconds},
          {"images_per_second", result.images_per_second},
          {"train_loss", result.train_loss},
          {"train_accuracy", result.train_accuracy},
          {"validation", to_json(result.validation)},
          {"test", to_json(result.test)},
          {"best_epoch", result.best_epoch ? Json(*result.best_epoch) : Json(nullptr)},
          {"best_validation", to_json(result.best_validation)},
          {"best_test", to_json(result.best_test)},
          {"parameters", result.cost.parameters},
          {"auxiliary_parameters", result.cost.auxiliary_parameters},
          {"multiply_adds", result.cost.multiply_adds},
          {"architecture", Json::parse(result.architecture)},
          {"checkpoint", result.checkpoint},
          {"files", result.files},
          {"unreadable", result.unreadable}};
}

StageResult stage_result_from_json(const Json& json) {
  StageResult result;
  result.name = json.at("name");
  result.checkpoint = json.at("checkpoint");
  result.epochs = json.at("epochs");
  result.seconds = json.at("seconds");
  result.images_per_second = json.at("images_per_second");
  result.train_loss = json.at("train_loss");
  result.train_accuracy = json.at("train_accuracy");
  result.validation = measurement_from_json(json.at("validation"));
  result.test = measurement_from_json(json.at("test"));
  if (!json.at("best_epoch").is_null()) result.best_epoch = json.at("best_epoch");
  result.best_validation = measurement_from_json(json.at("best_validation"));
  result.best_test = measurement_from_json(json.at("best_test"));
  result.architecture = json.at("architecture").dump();
  result.cost = {json.at("parameters"), json.at("auxiliary_parameters"), json.at("multiply_adds")};
  result.files = json.at("files");
  result.unreadable = json.at("unreadable").get<std::vector<ImageId>>();
  return result;
}

}  // namespace dha
