// Tables and durations of console.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/console.hpp"
#include "report/printable.hpp"

namespace dha {

namespace {

// Whether a table's cell is a number, perhaps with a sign and a unit: "-3.5", "12%", "1.3M", "1e-05", "0.8s".
bool is_number(std::string_view cell) {
  if (cell == "-" || cell.empty()) return true;
  if (cell[0] == '+' || cell[0] == '-') cell.remove_prefix(1);
  const size_t digits = cell.find_first_not_of("0123456789.,");
  if (digits == 0) return false;
  if (digits == cell.npos) return true;
  std::string_view unit = cell.substr(digits);
  if (unit[0] == 'e' || unit[0] == 'E')
    return unit.size() > 1 && unit.find_first_not_of("0123456789+-", 1) == unit.npos;
  if (unit[0] == ' ') unit.remove_prefix(1);
  return unit.size() <= 3 && unit.find_first_of("0123456789. ") == unit.npos;
}

std::string padded(const std::string& cell, size_t width, bool to_right) {
  const std::string space(width - std::min(width, columns_of(cell)), ' ');
  return to_right ? space + cell : cell + space;
}

}  // namespace

std::string format_table(const std::vector<std::vector<std::string>>& rows) {
  size_t columns = 0;
  for (const auto& row : rows) columns = std::max(columns, row.size());
  std::vector<std::vector<std::string>> cells;
  for (const auto& row : rows) {
    cells.emplace_back(columns);
    std::transform(row.begin(), row.end(), cells.back().begin(),
                   [](const std::string& cell) { return printable_line(cell); });
  }
  std::vector<size_t> widths(columns, 0);
  std::vector<bool> to_right(columns, rows.size() > 1);
  for (size_t i = 0; i < cells.size(); ++i)
    for (size_t column = 0; column < columns; ++column) {
      widths[column] = std::max(widths[column], columns_of(cells[i][column]));
      if (i > 0 && !is_number(cells[i][column])) to_right[column] = false;
    }
  std::string text;
  for (size_t i = 0; i < cells.size(); ++i) {
    std::string row;
    for (size_t column = 0; column < columns; ++column)
      row += (column == 0 ? "" : "  ") + padded(cells[i][column], widths[column], to_right[column]);
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + '\n';
    if (i > 0) continue;
    for (size_t column = 0; column < columns; ++column)
      text += (column == 0 ? "" : "  ") + std::string(widths[column], '-');
    text += '\n';
  }
  return text;
}

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  if (seconds < 9.95) return fmt::format("{:.1f}s", seconds);
  if (seconds > 1e9) return "?";
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m {:02}s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{}h {:02}m", whole / 3600, whole / 60 % 60);
  return fmt::format("{}d {:02}h", whole / 86400, whole / 3600 % 24);
}

}  // namespace dha
