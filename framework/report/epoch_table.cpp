#include "report/epoch_table.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/csv.hpp"
#include "report/metric_rows.hpp"
#include "storage/atomic_file.hpp"

namespace dha {

namespace {

// In the order in which rows first have them, behind those that every row has.
std::vector<std::string> columns_of(const std::vector<nlohmann::ordered_json>& rows) {
  std::vector<std::string> columns{"stage", "epoch"};
  for (const auto& row : rows)
    for (const auto& [name, value] : row.items())
      if (value.is_number() && std::find(columns.begin(), columns.end(), name) == columns.end())
        columns.push_back(name);
  return columns;
}

std::string field(const nlohmann::ordered_json& row, const std::string& column) {
  const auto value = row.find(column);
  if (value == row.end() || value->is_null()) return "";
  return value->is_string() ? value->get<std::string>() : value->dump();
}

}  // namespace

void write_epoch_table(const std::filesystem::path& folder) {
  const std::vector<nlohmann::ordered_json> rows = metric_rows(folder / "metrics.jsonl", {"epoch"});
  const std::vector<std::string> columns = columns_of(rows);
  std::string text = csv_line(columns);
  for (const auto& row : rows) {
    std::vector<std::string> fields;
    for (const std::string& column : columns) fields.push_back(field(row, column));
    text += csv_line(fields);
  }
  write_file_atomically(folder / kEpochTableFile, text);
}

}  // namespace dha
