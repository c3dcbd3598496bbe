#include "page/comparison_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "page/comparison_sections.hpp"
#include "page/document.hpp"
#include "page/html.hpp"

namespace dha::page {

namespace {

namespace fs = std::filesystem;
using compare::Comparison;
using compare::GroupRow;

constexpr size_t kMostRuns = 500;  // that tables and drawings have, so that the page stays small
constexpr size_t kFewestRuns = 5;  // of a group

std::vector<fs::path> folders_of(const Comparison& comparison) {
  std::vector<fs::path> folders;
  for (const compare::ComparisonTable& table : comparison.tables)
    for (const GroupRow& group : table.groups)
      for (const compare::ComparedRun& run : group.runs) folders.push_back(run.folder);
  for (const compare::LeftOutRow& row : comparison.left_out) folders.emplace_back(row.folder);
  return folders;
}

// The folder that has all of them in it.
fs::path common_folder(const std::vector<fs::path>& folders) {
  if (folders.empty()) return {};
  fs::path common = folders.front().parent_path();
  for (const fs::path& folder : folders)
    while (std::mismatch(common.begin(), common.end(), folder.begin(), folder.end()).first != common.end())
      common = common.parent_path();
  return common;
}

std::vector<ComparedTable> tables_of(const Comparison& comparison) {
  size_t groups = 0;
  for (const compare::ComparisonTable& table : comparison.tables) groups += table.groups.size();
  const fs::path root = common_folder(folders_of(comparison));
  std::vector<ComparedTable> tables;
  for (const compare::ComparisonTable& table : comparison.tables) {
    tables.push_back({table, {}, root, std::max(kFewestRuns, kMostRuns / std::max<size_t>(1, groups))});
    for (const compare::LeftOutRow& row : comparison.left_out)
      if (std::any_of(table.groups.begin(), table.groups.end(),
                      [&](const GroupRow& group) { return group.label == row.label; }))
        tables.back().left_out.push_back(row);
  }
  return tables;
}

std::vector<Section> parts_of(const ComparedTable& compared) {
  return {{"groups", "Groups", groups_part(compared)},
          {"settings", "Settings that differ", settings_part(compared)},
          {"tests", "Differences from the baseline", tests_part(compared)},
          {"charts", "Accuracy, cost and course", charts_part(compared)},
          {"runs", "Runs", runs_part(compared)}};
}

// A table that is one of several, as one section.
Section section_of(const ComparedTable& compared, size_t number, size_t tables) {
  Section section{fmt::format("comparison-{}", number), fmt::format("Comparison {} of {}", number, tables), ""};
  for (const Section& part : parts_of(compared))
    if (!part.content.empty()) section.content += fmt::format("<h3>{}</h3>\n{}", escaped(part.heading), part.content);
  return section;
}

}  // namespace

std::string page_of(const Comparison& comparison) {
  const size_t runs = folders_of(comparison).size();
  Document document;
  document.title = fmt::format("Comparison of {} run{}", runs, runs == 1 ? "" : "s");
  document.heading = document.title;
  const std::vector<ComparedTable> tables = tables_of(comparison);
  if (tables.size() == 1)
    document.sections = parts_of(tables.front());
  else
    for (size_t i = 0; i < tables.size(); ++i) document.sections.push_back(section_of(tables[i], i + 1, tables.size()));
  return html_of(document);
}

}  // namespace dha::page
