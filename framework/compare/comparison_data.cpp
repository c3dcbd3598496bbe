#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compare/comparison_text.hpp"
#include "report/csv.hpp"

namespace dha::compare {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kMeasures[] = {"test_accuracy", "validation_accuracy", "parameters", "multiply_adds", "seconds"};

std::vector<Spread> measures_of(const GroupRow& row) {
  return {row.test_accuracy, row.validation_accuracy, row.parameters, row.multiply_adds, row.seconds};
}

std::string number(double value) { return fmt::format("{}", value); }

void add_test(const TestOutcome* outcome, std::vector<std::string>& fields) {
  if (outcome == nullptr || !outcome->result) {
    fields.insert(fields.end(), 5, "");
    return;
  }
  const TTest& test = *outcome->result;
  for (const double value : {test.difference, test.low, test.high, test.p, test.degrees_of_freedom})
    fields.push_back(number(value));
}

std::vector<std::string> heading(const std::vector<std::string>& pointers) {
  std::vector<std::string> fields{"table", "group", "runs", "unfinished", "diverged", "repeated", "seeds"};
  for (const char* measure : kMeasures) {
    fields.push_back(fmt::format("{}_mean", measure));
    fields.push_back(fmt::format("{}_sd", measure));
  }
  fields.insert(fields.end(), {"tested", "baseline"});
  for (const char* test : {"welch", "paired"})
    for (const char* value : {"difference", "low", "high", "p", "degrees_of_freedom"})
      fields.push_back(fmt::format("{}_{}", test, value));
  fields.push_back("pairs");
  fields.insert(fields.end(), pointers.begin(), pointers.end());
  return fields;
}

std::vector<std::string> fields_of(const ComparisonTable& table, size_t group,
                                   const std::vector<std::string>& pointers) {
  const GroupRow& row = table.groups[group];
  std::vector<std::string> fields{row.label,
                                  std::to_string(row.runs.size()),
                                  std::to_string(row.unfinished),
                                  std::to_string(row.diverged),
                                  std::to_string(row.repeated),
                                  fmt::format("{}", fmt::join(seeds_of(row), " "))};
  for (const Spread& spread : measures_of(row)) {
    fields.push_back(spread.count == 0 ? "" : number(spread.mean));
    fields.push_back(spread.deviation ? number(*spread.deviation) : "");
  }
  const auto test = std::find_if(table.tests.begin(), table.tests.end(),
                                 [&](const AgainstBaseline& one) { return one.label == row.label; });
  const bool is_tested = test != table.tests.end();
  fields.push_back(is_tested ? table.metric : "");
  fields.push_back(is_tested ? table.baseline : "");
  add_test(is_tested ? &test->welch : nullptr, fields);
  add_test(is_tested ? &test->paired : nullptr, fields);
  fields.push_back(is_tested ? std::to_string(test->paired.pairs) : "");
  for (const std::string& pointer : pointers) {
    const auto at = std::find_if(table.settings.begin(), table.settings.end(),
                                 [&](const Difference& one) { return one.pointer == pointer; });
    fields.push_back(at == table.settings.end() ? "" : at->values[group].value_or(""));
  }
  return fields;
}

Json to_json(const Spread& spread) {
  if (spread.count == 0) return nullptr;
  Json json{{"n", spread.count}, {"mean", spread.mean}};
  json["sd"] = spread.deviation ? Json(*spread.deviation) : Json(nullptr);
  return json;
}

Json to_json(const TestOutcome& outcome) {
  if (!outcome.result) return Json::object({{"missing", outcome.missing}});
  const TTest& test = *outcome.result;
  return {{"difference", test.difference},
          {"low", test.low},
          {"high", test.high},
          {"p", test.p},
          {"degrees_of_freedom", test.degrees_of_freedom}};
}

Json to_json(const GroupRow& row) {
  Json json{{"label", row.label},           {"runs", row.runs.size()},  {"seeds", seeds_of(row)},
            {"unfinished", row.unfinished}, {"diverged", row.diverged}, {"repeated", row.repeated}};
  const std::vector<Spread> measures = measures_of(row);
  for (size_t i = 0; i < measures.size(); ++i) json[kMeasures[i]] = to_json(measures[i]);
  return json;
}

// Values as JSON, null where a group has no such setting.
Json to_json(const Difference& one) {
  Json values = Json::array();
  for (const auto& value : one.values) values.push_back(value ? Json::parse(*value) : Json(nullptr));
  return {{"pointer", one.pointer}, {"values", values}};
}

Json to_json(const AgainstBaseline& one) {
  Json paired = to_json(one.paired);
  paired["pairs"] = one.paired.pairs;
  return {{"label", one.label}, {"welch", to_json(one.welch)}, {"paired", paired}};
}

Json to_json(const LeftOutRow& row) {
  return {{"folder", row.folder}, {"group", row.label}, {"seed", row.seed}, {"why", row.why}, {"reason", row.reason}};
}

template <class Items>
Json list_of(const Items& items) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(to_json(item));
  return list;
}

Json to_json(const ComparisonTable& table) {
  Json json{{"conditions", table.conditions.empty() ? Json(nullptr) : Json(table.conditions)},
            {"groups", list_of(table.groups)},
            {"settings", list_of(table.settings)},
            {"metric", table.metric}};
  json["baseline"] = table.baseline.empty() ? Json(nullptr) : Json(table.baseline);
  json["tests"] = list_of(table.tests);
  if (!table.no_tests.empty()) json["no_tests"] = table.no_tests;
  return json;
}

}  // namespace

std::string comparison_csv(const Comparison& comparison) {
  std::vector<std::string> pointers;
  for (const ComparisonTable& table : comparison.tables)
    for (const Difference& one : table.settings)
      if (std::find(pointers.begin(), pointers.end(), one.pointer) == pointers.end()) pointers.push_back(one.pointer);
  std::string text = csv_line(heading(pointers));
  for (size_t i = 0; i < comparison.tables.size(); ++i)
    for (size_t group = 0; group < comparison.tables[i].groups.size(); ++group) {
      std::vector<std::string> fields = fields_of(comparison.tables[i], group, pointers);
      fields.insert(fields.begin(), std::to_string(i + 1));
      text += csv_line(fields);
    }
  return text;
}

Json comparison_json(const Comparison& comparison) {
  Json tables = Json::array();
  for (const ComparisonTable& table : comparison.tables) tables.push_back(to_json(table));
  return {{"tables", tables}, {"left_out", list_of(comparison.left_out)}};
}

}  // namespace dha::compare
