#include "tables/study.hpp"

#include <nlohmann/json.hpp>
#include <random>

#include "support/fake_stage.hpp"
#include "support/test_context.hpp"
#include "tables/tabular_space.hpp"

namespace dha::test {

using Json = nlohmann::ordered_json;

namespace {

using RowOf = std::function<size_t(const Trial&)>;

// Asks for trials, and tells each at once.
std::vector<double> judge(const Table& table, TrialSearcher& searcher, const RowOf& row_of, uint64_t seed,
                          const std::vector<int64_t>& checkpoints, Seen seen) {
  std::mt19937_64 generator(seed);
  std::vector<size_t> rows;
  std::vector<double> judged;
  for (const int64_t end : checkpoints) {
    while (static_cast<int64_t>(rows.size()) < end) {
      const Trial trial = searcher.ask().value();
      rows.push_back(row_of(trial));
      const std::vector<double>& results = table.results(rows.back());
      TrialOutcome outcome;
      outcome.id = trial.id;
      const double one = results[generator() % results.size()];
      outcome.measurements.set(quantity::kValidationAccuracy, seen == Seen::kMean ? table.mean(rows.back()) : one);
      searcher.tell(outcome);
    }
    judged.push_back(table.mean(rows.at(static_cast<size_t>(searcher.outcomes().at(0)))));
  }
  return judged;
}

std::string name_of(size_t axis) { return "/axis" + std::to_string(axis); }

// As Stage::tunable() has them.
std::string tunable(const Table& table) {
  Json fields = Json::object();
  for (size_t i = 0; i < table.axes().size(); ++i) {
    const Table::Axis& axis = table.axes()[i];
    Json& field = fields[name_of(i)];
    field = {{"name", name_of(i)}, {"type", axis.is_categorical ? "choice" : "integer"}};
    if (!axis.is_categorical) field["tuning_range"] = {0, axis.size - 1};
    for (int32_t value = 0; axis.is_categorical && value < axis.size; ++value)
      field["choices"].push_back(std::to_string(value));
  }
  return fields.dump();
}

size_t row_of_settings(const Table& table, const std::string& text) {
  const Json settings = Json::parse(text);
  std::vector<int64_t> point;
  for (size_t i = 0; i < table.axes().size(); ++i) {
    const Json& value = settings.at(name_of(i));
    point.push_back(value.is_string() ? std::stoll(value.get<std::string>()) : value.get<int64_t>());
  }
  return table.row(point);
}

}  // namespace

std::vector<double> study_of_architectures(const Table& table, const MakeSearcher& make, uint64_t seed,
                                           const std::vector<int64_t>& checkpoints, Seen seen) {
  TestContext context(seed);
  const TabularSpace space(table);
  const FakeStage stage;
  const std::unique_ptr<TrialSearcher> searcher = make(context);
  searcher->attach(space, stage);
  return judge(
      table, *searcher, [&](const Trial& trial) { return space.row(trial.architecture); }, seed, checkpoints, seen);
}

std::vector<double> study_of_settings(const Table& table, const MakeSearcher& make, uint64_t seed,
                                      const std::vector<int64_t>& checkpoints, Seen seen) {
  TestContext context(seed);
  const TabularSpace space(table);
  FakeStage stage;
  stage.decided = "{}";
  stage.tunable_json = tunable(table);
  const std::unique_ptr<TrialSearcher> searcher = make(context);
  searcher->attach(space, stage);
  return judge(
      table, *searcher, [&](const Trial& trial) { return row_of_settings(table, trial.settings); }, seed, checkpoints,
      seen);
}

}  // namespace dha::test
