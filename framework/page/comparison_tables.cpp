// The tables of a comparison's page: groups, settings that differ, tests, runs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "compare/comparison_words.hpp"
#include "page/comparison_sections.hpp"
#include "page/html.hpp"
#include "report/console.hpp"

namespace dha::page {

namespace {

using compare::ComparedRun;
using compare::ComparisonTable;
using compare::Difference;
using compare::GroupRow;
using compare::LeftOutRow;
using compare::Spread;
using compare::TestOutcome;

constexpr size_t kLongestValue = 60, kLongestLabel = 80;  // code points

bool tests_test_images(const ComparisonTable& table) { return table.metric == "test accuracy"; }

const Spread& tested(const ComparisonTable& table, const GroupRow& row) {
  return tests_test_images(table) ? row.test_accuracy : row.validation_accuracy;
}

// The group with the highest mean, or the first of those that have it.
std::string best_in_words(const ComparisonTable& table) {
  const GroupRow* best = nullptr;
  size_t as_good = 0;
  for (const GroupRow& row : table.groups) {
    const Spread& spread = tested(table, row);
    if (spread.count == 0) continue;
    if (best != nullptr && spread.mean == tested(table, *best).mean) ++as_good;
    if (best != nullptr && spread.mean <= tested(table, *best).mean) continue;
    best = &row;
    as_good = 0;
  }
  if (best == nullptr) return "<p class=\"lead\">No run has finished with a measured accuracy.</p>\n";
  const Spread& spread = tested(table, *best);
  return fmt::format(
      "<p class=\"lead\">The highest mean {} is <b class=\"key\">{}</b>, over {} run{}: <b>{}</b>{}.</p>\n",
      table.metric, compare::percent(spread), spread.count, spread.count == 1 ? "" : "s",
      escaped(isolated(best->label)), as_good == 0 ? "" : fmt::format(" and {} more with the same mean", as_good));
}

std::string mean_amount(const Spread& spread) { return spread.count == 0 ? "-" : amount(spread.mean); }

std::string mean_time(const Spread& spread) { return spread.count == 0 ? "-" : format_duration(spread.mean); }

// A value of a setting as a table shows it: JSON text without the quotation marks of a string.
std::string shown(const std::optional<std::string>& value) {
  if (!value) return "-";
  const bool is_text = value->size() >= 2 && value->front() == '"';
  return shortened(is_text ? value->substr(1, value->size() - 2) : *value, kLongestValue);
}

// JSON texts of numbers alone begin like this.
bool is_number(const std::string& json) {
  return !json.empty() && (json[0] == '-' || (json[0] >= '0' && json[0] <= '9'));
}

bool are_numbers(const Difference& one) {
  return std::all_of(one.values.begin(), one.values.end(),
                     [](const std::optional<std::string>& value) { return !value || is_number(*value); });
}

// A row per group where groups are more than settings.
std::string settings_by_group(const ComparisonTable& table) {
  std::vector<Table::Column> columns{{"group", false, "label"}};
  for (const Difference& one : table.settings) columns.push_back({one.pointer, are_numbers(one)});
  Table html(columns);
  for (size_t i = 0; i < table.groups.size(); ++i) {
    std::vector<std::string> row{table.groups[i].label};
    for (const Difference& one : table.settings) row.push_back(shown(one.values[i]));
    html.add(row);
  }
  return html.html();
}

std::string settings_by_pointer(const ComparisonTable& table) {
  std::vector<Table::Column> columns{{"setting"}};
  for (const GroupRow& group : table.groups) columns.push_back({group.label});
  Table html(columns);
  for (const Difference& one : table.settings) {
    std::vector<std::string> row{one.pointer};
    for (const auto& value : one.values) row.push_back(shown(value));
    html.add(row);
  }
  return html.html();
}

void add_test(const TestOutcome& outcome, std::vector<std::string>& row) {
  if (outcome.result)
    row.insert(row.end(), {compare::points(outcome.result->difference), compare::interval_in_points(*outcome.result),
                           compare::probability(outcome.result->p)});
  else
    row.insert(row.end(), 3, "-");
}

std::string missing_in_words(const compare::AgainstBaseline& one) {
  std::vector<std::string> parts;
  if (!one.welch.result) parts.push_back("Welch: " + one.welch.missing);
  if (!one.paired.result) parts.push_back("paired: " + one.paired.missing);
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string share(const std::optional<double>& value) {
  return percent(value.value_or(std::numeric_limits<double>::quiet_NaN()), 2);
}

std::string size(const std::optional<double>& value) {
  return amount(value.value_or(std::numeric_limits<double>::quiet_NaN()));
}

std::string below(const std::filesystem::path& root, const std::filesystem::path& folder) {
  return folder.lexically_relative(root).string();
}

void add_runs(const ComparedTable& compared, const GroupRow& group, Table& html) {
  for (size_t i = 0; i < std::min(compared.most_runs, group.runs.size()); ++i) {
    const ComparedRun& run = group.runs[i];
    html.add({shortened(group.label, kLongestLabel), run.seed, "finished", share(run.test_accuracy),
              share(run.validation_accuracy), size(run.parameters), size(run.multiply_adds),
              format_duration(run.seconds), below(compared.root, run.folder)});
  }
  size_t left = compared.most_runs;
  for (const LeftOutRow& row : compared.left_out)
    if (row.label == group.label && left > 0) {
      --left;
      html.add({shortened(group.label, kLongestLabel), row.seed, row.why, "-", "-", "-", "-", "-",
                below(compared.root, row.folder)});
    }
}

// Of the runs that say why.
std::string reasons_of(const ComparedTable& compared) {
  std::string items;
  size_t left = compared.most_runs;
  for (const LeftOutRow& row : compared.left_out)
    if (!row.reason.empty() && left > 0) {
      --left;
      items += fmt::format("<li><code>{}</code> {}: {}</li>\n", escaped(below(compared.root, row.folder)),
                           escaped(row.why), escaped(isolated(row.reason)));
    }
  return items.empty() ? "" : "<ul class=\"note\">\n" + items + "</ul>\n";
}

}  // namespace

std::string groups_part(const ComparedTable& compared) {
  const ComparisonTable& table = compared.table;
  std::string html;
  if (!table.conditions.empty()) html += fmt::format("<p class=\"state\">{}</p>\n", escaped(table.conditions));
  html += best_in_words(table);
  Table rows({{"group", false, "label"},
              {"runs", true},
              {"test accuracy", true},
              {"validation accuracy", true},
              {"parameters", true},
              {"multiply-adds", true},
              {"time", true},
              {"seeds"}});
  for (const GroupRow& row : table.groups)
    rows.add({row.label, compare::runs_in_words(row), compare::percent(row.test_accuracy),
              compare::percent(row.validation_accuracy), mean_amount(row.parameters), mean_amount(row.multiply_adds),
              mean_time(row.seconds), fmt::format("{}", fmt::join(compare::seeds_of(row), ", "))});
  return html + rows.html() +
         "<p class=\"note\">Means over the finished runs of a group, which differ in their seeds only, ± sample "
         "standard deviation. Accuracies are those of the last epoch; time is that of all stages.</p>\n";
}

std::string settings_part(const ComparedTable& compared) {
  const ComparisonTable& table = compared.table;
  if (table.settings.empty()) return "";
  return table.settings.size() > table.groups.size() ? settings_by_pointer(table) : settings_by_group(table);
}

std::string tests_part(const ComparedTable& compared) {
  const ComparisonTable& table = compared.table;
  if (!table.no_tests.empty()) return fmt::format("<p>{}</p>\n", escaped(table.no_tests));
  const bool has_missing = std::any_of(table.tests.begin(), table.tests.end(),
                                       [](const auto& one) { return !one.welch.result || !one.paired.result; });
  std::vector<Table::Column> columns{{"group", false, "label"},
                                     {"Welch: points", true},
                                     {"95 % interval", true},
                                     {"p", true},
                                     {"paired: points", true},
                                     {"95 % interval", true},
                                     {"p", true},
                                     {"pairs", true}};
  if (has_missing) columns.push_back({"no test", false, "words"});
  Table rows(columns);
  for (const compare::AgainstBaseline& one : table.tests) {
    std::vector<std::string> row{one.label};
    add_test(one.welch, row);
    add_test(one.paired, row);
    row.push_back(std::to_string(one.paired.pairs));
    if (has_missing) row.push_back(missing_in_words(one));
    rows.add(row);
  }
  return fmt::format(
             "<p>Differences in {} from <b>{}</b>, in percentage points: Welch's test of the means, and Student's test "
             "of pairs with the same seed.</p>\n",
             table.metric, escaped(isolated(table.baseline))) +
         rows.html() + "<p class=\"note\">Both tests are two-sided. No p is corrected for the number of groups.</p>\n";
}

std::string runs_part(const ComparedTable& compared) {
  Table rows({{"group", false, "label"},
              {"seed", true},
              {"state"},
              {"test accuracy", true},
              {"validation accuracy", true},
              {"parameters", true},
              {"multiply-adds", true},
              {"time", true},
              {"folder", false, "line"}});
  bool is_cut = false;
  for (const GroupRow& group : compared.table.groups) {
    add_runs(compared, group, rows);
    is_cut = is_cut || group.runs.size() > compared.most_runs;
  }
  std::string html = rows.html() + reasons_of(compared);
  if (is_cut) html += fmt::format("<p class=\"note\">The first {} runs of each group.</p>\n", compared.most_runs);
  return html + fmt::format(
                    "<p class=\"note\">Folders lie below <code>{}</code>. Runs that have not finished, and "
                    "repeated ones, are in no average.</p>\n",
                    escaped(compared.root.string()));
}

}  // namespace dha::page
