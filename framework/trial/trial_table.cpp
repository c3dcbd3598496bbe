#include "trial/trial_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "report/csv.hpp"
#include "storage/atomic_file.hpp"
#include "trial/ledger.hpp"
#include "trial/trial_json.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

std::vector<LedgerEvent> events_of(const std::filesystem::path& folder) {
  std::error_code failure;
  if (!std::filesystem::exists(folder / kLedgerFile, failure)) return {};
  try {
    return read_ledger(folder, [](const std::string&) {});
  } catch (const Error&) {
    return {};
  }
}

void add_trials(const std::string& stage, const std::vector<LedgerEvent>& events, std::vector<TrialRow>& rows) {
  std::map<int64_t, size_t> places;
  for (const LedgerEvent& event : events) {
    if (const auto* asked = std::get_if<TrialAsked>(&event)) {
      places[asked->trial.id] = rows.size();
      rows.push_back({stage, asked->trial, std::nullopt});
    } else if (const auto* told = std::get_if<TrialTold>(&event)) {
      if (places.contains(told->outcome.id)) rows[places[told->outcome.id]].outcome = told->outcome;
    }
  }
}

Json settings_of(const Trial& trial) {
  Json settings = Json::parse(trial.settings, nullptr, /*allow_exceptions=*/false);
  return settings.is_object() ? settings : Json::object();
}

using Fields = std::vector<std::pair<std::string, std::string>>;

Fields fields_of(const TrialRow& row) {
  const TrialOutcome& outcome = *row.outcome;
  Fields fields{{"stage", row.stage},
                {"id", std::to_string(outcome.id)},
                {"status", std::string(status_name(outcome.status))},
                {"epochs", std::to_string(outcome.epochs)},
                {"time_s", fmt::format("{}", outcome.seconds)}};
  for (const Quantity& one : outcome.measurements) fields.emplace_back(one.name, fmt::format("{}", one.value));
  for (const Quantity& one : outcome.cost) fields.emplace_back(one.name, fmt::format("{}", one.value));
  const Json settings = settings_of(row.trial);
  for (const auto& [pointer, value] : settings.items())
    fields.emplace_back(pointer, value.is_string() ? value.get<std::string>() : value.dump());
  fields.emplace_back("architecture", row.trial.architecture);
  return fields;
}

// The names of all rows; the architecture, the longest, is last.
std::vector<std::string> columns_of(const std::vector<Fields>& rows) {
  std::vector<std::string> columns;
  for (const Fields& fields : rows)
    for (const auto& [name, value] : fields)
      if (name != "architecture" && std::find(columns.begin(), columns.end(), name) == columns.end())
        columns.push_back(name);
  columns.emplace_back("architecture");
  return columns;
}

}  // namespace

std::vector<TrialRow> read_trials(const std::filesystem::path& folder, const std::vector<std::string>& stages) {
  std::vector<TrialRow> rows;
  for (const std::string& stage : stages) add_trials(stage, events_of(folder / "stages" / stage), rows);
  return rows;
}

void write_trial_table(const std::filesystem::path& folder, const std::vector<std::string>& stages) {
  std::vector<Fields> rows;
  for (const TrialRow& row : read_trials(folder, stages))
    if (row.outcome) rows.push_back(fields_of(row));
  if (rows.empty()) return;
  const std::vector<std::string> columns = columns_of(rows);
  std::string text = csv_line(columns);
  for (const Fields& fields : rows) {
    std::vector<std::string> line;
    for (const std::string& column : columns) {
      const auto field =
          std::find_if(fields.begin(), fields.end(), [&](const auto& one) { return one.first == column; });
      line.push_back(field == fields.end() ? "" : field->second);
    }
    text += csv_line(line);
  }
  write_file_atomically(folder / kTrialTableFile, text);
}

}  // namespace dha
