// The texts of console.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/console.hpp"
#include "report/printable.hpp"

namespace dha {

namespace {

constexpr size_t kShortestBar = 10, kLongestBar = 40;

double fraction_done(const ProgressLine& line) {
  return line.total > 0 ? std::clamp(static_cast<double>(line.done) / static_cast<double>(line.total), 0.0, 1.0) : 1.0;
}

// What the numbers come to, the one that matters most first.
std::vector<std::string> numbers(const ProgressLine& line, bool is_short) {
  std::vector<std::string> parts;
  if (std::isfinite(line.loss)) parts.push_back(fmt::format("loss {:.4g}", line.loss));
  if (std::isfinite(line.accuracy))
    parts.push_back(fmt::format("{} {:.1f}%", is_short ? "acc" : "accuracy", 100 * line.accuracy));
  if (std::isfinite(line.images_per_second) && line.images_per_second > 0)
    parts.push_back(fmt::format("{:.{}f} {}", line.images_per_second, line.images_per_second < 10 ? 1 : 0,
                                is_short ? "img/s" : "images/s"));
  return parts;
}

std::string time_left(const ProgressLine& line) {
  if (line.done >= line.total || !std::isfinite(line.seconds_left) || line.seconds_left < 0) return "";
  return format_duration(line.seconds_left) + " left";
}

std::string repeated(std::string_view piece, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += piece;
  return text;
}

std::string drawn_bar(double fraction, size_t columns, bool is_utf8) {
  if (!is_utf8) {
    const auto full = static_cast<size_t>(fraction * static_cast<double>(columns - 2));
    return "[" + std::string(full, '=') + std::string(columns - 2 - full, ' ') + "]";
  }
  const auto halves = static_cast<size_t>(fraction * 2 * static_cast<double>(columns));
  std::string bar = repeated("\u2501", halves / 2);
  if (halves % 2 == 1) bar += "\u2578";
  return bar + repeated("\u2500", columns - (halves + 1) / 2);
}

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

std::string format_bar(const ProgressLine& line, size_t columns, bool is_utf8) {
  const double fraction = fraction_done(line);
  const std::string whole_stage = printable_line(line.stage);
  const std::string stage(first_columns(whole_stage, columns / 2));
  const std::string percent = fmt::format("{:3.0f}%", std::floor(100 * fraction));
  const std::string left = time_left(line);
  size_t used = columns_of(stage) + 2 + columns_of(percent) + (left.empty() ? 0 : 2 + columns_of(left));
  const bool has_bar = used + 2 + kShortestBar <= columns;
  if (has_bar) used += 2 + kShortestBar;

  std::string tail;
  for (const std::string& part : numbers(line, true)) {
    if (used + 2 + columns_of(part) > columns) break;
    used += 2 + columns_of(part);
    tail += "  " + part;
  }
  std::string text = stage + "  ";
  if (has_bar) {
    const size_t length = std::min(kLongestBar, kShortestBar + columns - used);
    text += drawn_bar(fraction, length, is_utf8) + "  ";
  }
  text += percent + tail;
  if (!left.empty()) text += "  " + left;
  return std::string(first_columns(text, columns));
}

std::string format_progress(const ProgressLine& line) {
  std::string text = fmt::format("{}: {}/{} steps", printable_line(line.stage), line.done, line.total);
  for (const std::string& part : numbers(line, false)) text += ", " + part;
  const std::string left = time_left(line);
  return left.empty() ? text : text + ", " + left;
}

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
