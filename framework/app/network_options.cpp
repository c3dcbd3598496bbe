#include "app/network_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"

namespace dha::app {

namespace options = boost::program_options;

void add_weights_option(options::options_description& visible) {
  visible.add_options()("weights",
                        options::value<std::string>()->default_value(name_of(Weights::kLast))->value_name("WHICH"),
                        "last, or best: of the best epoch by validation accuracy");
}

void add_network_options(options::options_description& visible) {
  add_weights_option(visible);
  visible.add_options()("accept-changed-data",
                        "go on although images differ from those of the run; classes must be the same");
}

Weights weights_of(const options::variables_map& values) {
  const std::string which = values["weights"].as<std::string>();
  for (const Weights one : {Weights::kLast, Weights::kBest})
    if (which == name_of(one)) return one;
  throw Error(ErrorCode::kUsage, fmt::format("--weights must be last or best, found '{}'", which));
}

DataChange allowed_change(const options::variables_map& values, const std::vector<Override>& overrides) {
  const bool is_other_data = std::any_of(overrides.begin(), overrides.end(),
                                         [](const Override& change) { return change.path.starts_with("dataset"); });
  return is_other_data || values.count("accept-changed-data") > 0 ? DataChange::kSameClasses : DataChange::kNone;
}

std::string position_in_words(const RunProgress& progress) {
  std::string text =
      fmt::format("stage '{}' after {} of {} epochs", progress.stage, progress.epochs, progress.planned_epochs);
  if (progress.steps > 0)
    text += fmt::format(" and {} step{} of the next", progress.steps, progress.steps == 1 ? "" : "s");
  return text;
}

std::string in_words(const RunProgress& progress) {
  const bool is_best = progress.weights == Weights::kBest;
  if (progress.is_finished && !is_best) return "";
  std::string text = fmt::format("{}this is {}",
                                 progress.is_finished ? "" : "the run has not finished: ", position_in_words(progress));
  if (is_best) text += ", the best epoch on validation images";
  return progress.is_decided ? text : text + "; its architecture is not decided yet";
}

nlohmann::ordered_json to_json(const RunProgress& progress) {
  nlohmann::ordered_json json{{"weights", name_of(progress.weights)}, {"epoch", progress.epochs}};
  if (!progress.is_finished) json["unfinished"] = unfinished_json(progress);
  return json;
}

}  // namespace dha::app
