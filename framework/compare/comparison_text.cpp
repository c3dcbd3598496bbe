#include "compare/comparison_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "compare/comparison_words.hpp"
#include "report/console.hpp"

namespace dha::compare {

namespace {

using Rows = std::vector<std::vector<std::string>>;
using Draw = std::function<std::string(const Rows&)>;

constexpr size_t kLongestValue = 60;  // characters of a setting

std::string whole(const Spread& spread) { return spread.count == 0 ? "-" : fmt::format("{:.0f}", spread.mean); }

Rows group_rows(const ComparisonTable& table) {
  Rows rows{{"group", "runs", "test accuracy", "validation accuracy", "parameters", "multiply-adds", "seconds"}};
  for (const GroupRow& row : table.groups)
    rows.push_back({row.label, runs_in_words(row), percent(row.test_accuracy), percent(row.validation_accuracy),
                    whole(row.parameters), whole(row.multiply_adds),
                    row.seconds.count == 0 ? "-" : fmt::format("{:.1f}", row.seconds.mean)});
  return rows;
}

Rows setting_rows(const ComparisonTable& table) {
  Rows rows{{"setting"}};
  for (const GroupRow& row : table.groups) rows[0].push_back(row.label);
  for (const Difference& one : table.settings) {
    std::vector<std::string> cells{one.pointer};
    for (const auto& value : one.values) cells.push_back(shortened(value.value_or("-"), kLongestValue));
    rows.push_back(std::move(cells));
  }
  return rows;
}

// Difference with its interval in percentage points, and p.
std::vector<std::string> test_cells(const TestOutcome& outcome) {
  if (!outcome.result) return {outcome.missing, ""};
  return {points(outcome.result->difference) + " " + interval_in_points(*outcome.result),
          probability(outcome.result->p)};
}

Rows test_rows(const ComparisonTable& table) {
  Rows rows{{"group", "Welch: points [95 %]", "p", "paired: points [95 %]", "p", "pairs"}};
  for (const AgainstBaseline& one : table.tests) {
    const std::vector<std::string> welch = test_cells(one.welch), paired = test_cells(one.paired);
    rows.push_back({one.label, welch[0], welch[1], paired[0], paired[1], std::to_string(one.paired.pairs)});
  }
  return rows;
}

Rows left_out_rows(const Comparison& comparison) {
  Rows rows{{"run", "group", "seed", "why", ""}};
  for (const LeftOutRow& row : comparison.left_out)
    rows.push_back({row.folder, row.label, row.seed, row.why, row.reason});
  return rows;
}

std::string document(const Comparison& comparison, const Draw& draw) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "\n") + part; };
  for (const ComparisonTable& table : comparison.tables) {
    if (!table.conditions.empty()) add(table.conditions + "\n");
    add(draw(group_rows(table)));
    if (!table.settings.empty()) add(draw(setting_rows(table)));
    if (!table.no_tests.empty()) {
      if (comparison.tables.size() > 1) add(table.no_tests + "\n");
      continue;
    }
    add(fmt::format("Differences in {} from '{}', in percentage points, two-sided t tests:\n", table.metric,
                    table.baseline));
    add(draw(test_rows(table)));
  }
  if (!comparison.left_out.empty()) {
    add("In no average:\n");
    add(draw(left_out_rows(comparison)));
  }
  return text;
}

std::string markdown_cell(const std::string& text) {
  std::string cell;
  for (const char c : text) cell += c == '|' ? "\\|" : c == '\n' ? " " : std::string(1, c);
  return cell;
}

std::string markdown_table(const Rows& rows) {
  std::string text;
  for (size_t i = 0; i < rows.size(); ++i) {
    text += "|";
    for (size_t column = 0; column < rows[0].size(); ++column)
      text += " " + (column < rows[i].size() ? markdown_cell(rows[i][column]) : "") + " |";
    text += "\n";
    if (i > 0) continue;
    text += "|";
    for (size_t column = 0; column < rows[0].size(); ++column) text += " --- |";
    text += "\n";
  }
  return text;
}

}  // namespace

std::string comparison_text(const Comparison& comparison) { return document(comparison, format_table); }

std::string comparison_markdown(const Comparison& comparison) { return document(comparison, markdown_table); }

}  // namespace dha::compare
