#include "stage/run_progress.hpp"

#include <nlohmann/json.hpp>

namespace dha {

using Json = nlohmann::ordered_json;

const char* name_of(Weights weights) { return weights == Weights::kBest ? "best" : "last"; }

Json unfinished_json(const RunProgress& progress) {
  return {{"stage", progress.stage},
          {"epochs", progress.epochs},
          {"planned_epochs", progress.planned_epochs},
          {"steps", progress.steps},
          {"architecture_decided", progress.is_decided}};
}

Json origin_json(const RunProgress& progress) {
  Json json{{"finished", progress.is_finished}, {"weights", name_of(progress.weights)}};
  json.update(unfinished_json(progress));
  return json;
}

RunProgress progress_from_origin(const Json& json) {
  RunProgress progress;
  progress.is_finished = json.at("finished").get<bool>();
  progress.weights = json.at("weights").get<std::string>() == name_of(Weights::kBest) ? Weights::kBest : Weights::kLast;
  progress.stage = json.at("stage").get<std::string>();
  progress.epochs = json.at("epochs").get<int64_t>();
  progress.planned_epochs = json.at("planned_epochs").get<int64_t>();
  progress.steps = json.at("steps").get<int64_t>();
  progress.is_decided = json.at("architecture_decided").get<bool>();
  return progress;
}

}  // namespace dha
