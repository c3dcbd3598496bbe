#include "stage/stage_result.hpp"

#include <nlohmann/json.hpp>

#include "report/quantities_json.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

Json to_json(const StageResult& result) {
  Json json{{"name", result.name},
            {"epochs", result.epochs},
            {"steps", result.steps},
            {"was_stopped", result.was_stopped},
            {"seconds", result.seconds},
            {"images_per_second", result.images_per_second},
            {"train_loss", result.train_loss},
            {"train_accuracy", result.train_accuracy}};
  json.update(to_json(result.measurements));
  if (result.choices > 0) json.update({{"choices", result.choices}, {"changed_choices", result.changed_choices}});
  json["cost"] = to_json(result.cost);
  json["architecture"] = Json::parse(result.architecture);
  json["settings"] = Json::parse(result.settings);
  json["outcomes"] = Json::array();
  for (const StageOutcome& outcome : result.outcomes)
    json["outcomes"].push_back({{"trial", outcome.trial},
                                {"directory", outcome.directory},
                                {"checkpoint", outcome.checkpoint},
                                {"settings", Json::parse(outcome.settings)}});
  json["checkpoint"] = result.checkpoint;
  json["best_checkpoint"] = result.best_checkpoint.empty() ? Json(nullptr) : Json(result.best_checkpoint);
  json["files"] = result.files;
  json["unreadable"] = result.unreadable;
  json["unreadable_at_open"] = result.unreadable_at_open;
  return json;
}

StageResult stage_result_from_json(const Json& json) {
  StageResult result;
  result.name = json.at("name");
  result.checkpoint = json.at("checkpoint");
  if (const auto best = json.find("best_checkpoint"); best != json.end() && best->is_string())
    result.best_checkpoint = *best;
  result.epochs = json.at("epochs");
  result.steps = json.value("steps", int64_t{0});
  result.was_stopped = json.at("was_stopped");
  result.seconds = json.at("seconds");
  result.images_per_second = json.at("images_per_second");
  result.train_loss = json.at("train_loss");
  result.train_accuracy = json.at("train_accuracy");
  result.measurements = stage_measurements_from_json(json);
  result.architecture = json.at("architecture").dump();
  result.choices = json.value("choices", int64_t{0});
  result.changed_choices = json.value("changed_choices", int64_t{0});
  result.cost = quantities_from_json(json.at("cost"));
  result.settings = json.value("settings", Json::object()).dump();
  for (const Json& outcome : json.at("outcomes"))
    result.outcomes.push_back({outcome.at("trial"), outcome.at("directory"), outcome.at("checkpoint"),
                               outcome.value("settings", Json::object()).dump()});
  result.files = json.at("files");
  result.unreadable = json.at("unreadable").get<std::vector<ImageId>>();
  result.unreadable_at_open = json.value("unreadable_at_open", int64_t{0});
  return result;
}

}  // namespace dha
