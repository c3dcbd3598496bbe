// The page of a comparison: what it says, that its text is safe, that it stays small; scatter plots and legends.
#include "page/comparison_page.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

#include "compare/comparison_words.hpp"
#include "page/html.hpp"
#include "page/page_file.hpp"
#include "page/palette.hpp"
#include "page/scatter_plot.hpp"
#include "storage/atomic_file.hpp"
#include "support/error_checks.hpp"
#include "support/markup.hpp"
#include "support/paths.hpp"

namespace dha::page {

namespace {

namespace fs = std::filesystem;
using compare::ComparedRun;
using compare::Comparison;
using compare::GroupRow;
using test::count;
using test::error_with;
using test::is_well_formed;
using test::TemporaryDirectory;

ComparedRun run_of(const fs::path& folder, int seed, double accuracy, double parameters) {
  ComparedRun run;
  run.folder = folder;
  run.seed = std::to_string(seed);
  run.status = compare::RunStatus::kFinished;
  run.test_accuracy = accuracy;
  run.parameters = parameters;
  run.seconds = 10 * seed;
  return run;
}

GroupRow group_of(const std::string& label, const std::vector<ComparedRun>& runs) {
  GroupRow row;
  row.label = label;
  row.runs = runs;
  std::vector<double> accuracies;
  for (const ComparedRun& run : runs) accuracies.push_back(*run.test_accuracy);
  row.test_accuracy = compare::spread_of(accuracies);
  return row;
}

Comparison two_groups(const std::string& first, const std::string& second) {
  Comparison comparison;
  comparison.tables.push_back(
      {"",
       {group_of(first, {run_of("/r/a/1", 1, 0.5, 1000), run_of("/r/a/2", 2, 0.52, 1000)}),
        group_of(second, {run_of("/r/b/1", 1, 0.625, 2000)})},
       {{"/stages/0/<x>", {"0.1", "\"two\""}}},
       "test accuracy",
       first,
       {{second, compare::welch_test({0.6, 0.65}, {0.5, 0.52}), {1, std::nullopt, "is <missing>"}}},
       ""});
  comparison.left_out.push_back({"/r/b/2", second, "7", "diverged", "the loss is \"no number\""});
  return comparison;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(comparison_page)

BOOST_AUTO_TEST_CASE(a_comparison_is_well_formed_and_asks_for_nothing) {
  const std::string html = page_of(two_groups("<script>alert(1)</script> \"a\", b 🌷", "שלום"));
  BOOST_TEST(is_well_formed(html));
  for (const char* reference : {"http://", "https://", "url(", "src=", "@import"})
    BOOST_TEST(count(html, reference) == 0U, reference);
  BOOST_TEST(count(html, "<script>alert") == 0U);
  BOOST_TEST(count(html, "&lt;script&gt;alert(1)&lt;/script&gt; &quot;a&quot;, b 🌷") > 0U);
  BOOST_TEST(
      count(html,
            "The highest mean test accuracy is <b class=\"key\">62.50 %</b>, over 1 run: <b>\u2068שלום\u2069</b>.") ==
      1U);
  for (const char* id : {"groups", "settings", "tests", "charts", "runs"})
    BOOST_TEST(count(html, std::string("<section id=\"") + id) == 1U, id);
}

BOOST_AUTO_TEST_CASE(a_comparison_has_every_number) {
  const std::string html = page_of(two_groups("a", "b"));
  for (const char* part : {"51.00 ± 1.41 %", "<td class=\"n\">52.00 %</td>", "/stages/0/&lt;x&gt;", "<td>two</td>",
                           "from <b>a</b>", "<td class=\"words\">paired: is &lt;missing&gt;</td>", "<td>diverged</td>",
                           "<td class=\"line\">b/2</td>", "below <code>/r</code>",
                           "<code>b/2</code> diverged: the loss is &quot;no number&quot;", "Accuracy against time",
                           "Accuracy against parameters", "b, seed 1\ntest accuracy 62.50 %, 10s, 2,000 parameters"})
    BOOST_TEST(count(html, part) > 0U, part << " is missing");
  Comparison comparison = two_groups("a", "b");
  const compare::TTest welch = comparison.tables[0].tests[0].welch.result.value();
  for (const std::string& cell :
       {std::string("+11.50"), compare::interval_in_points(welch), compare::probability(welch.p)})
    BOOST_TEST(count(html, "<td class=\"n\">" + cell + "</td>") == 1U, cell);
  comparison.tables[0].groups[1].test_accuracy = comparison.tables[0].groups[0].test_accuracy;
  BOOST_TEST(count(page_of(comparison), "<b>a</b> and 1 more with the same mean.") == 1U);
  comparison.tables[0].groups[1].runs[0].parameters = 1000;
  BOOST_TEST(count(page_of(comparison), "Accuracy against parameters") == 0U);  // there is one size only
}

BOOST_AUTO_TEST_CASE(tables_apart_are_sections_apart) {
  Comparison comparison = two_groups("a", "b");
  comparison.tables.push_back(
      {"These have <other> data.", {group_of("c", {})}, {}, "test accuracy", "", {}, "No other."});
  const std::string html = page_of(comparison);
  BOOST_TEST(is_well_formed(html));
  BOOST_TEST(count(html, "<h2>Comparison 2 of 2</h2>") == 1U);
  BOOST_TEST(count(html, "These have &lt;other&gt; data.") == 1U);
  BOOST_TEST(count(html, "<td>diverged</td>") == 1U);
  BOOST_TEST(count(html, "No other.") == 1U);
}

BOOST_AUTO_TEST_CASE(the_page_of_many_runs_stays_small) {
  const TemporaryDirectory folder;
  Comparison comparison = two_groups("a", "b");
  for (GroupRow& group : comparison.tables[0].groups) {
    group.runs.clear();
    for (int seed = 0; seed < 600; ++seed) {
      const fs::path run = folder.path() / group.label / std::to_string(seed);
      fs::create_directories(run);
      if (seed < 300) {
        std::ofstream(run / "pipeline.json") << R"({"name": "x", "stages": [{"name": "s"}]})";
        std::ofstream rows(run / "metrics.jsonl");
        for (int epoch = 1; epoch <= 60; ++epoch)
          rows << R"({"event":"epoch","stage":"s","epoch":)" << epoch << R"(,"validation_accuracy":0.1234567})" << '\n';
      }
      group.runs.push_back(run_of(run, seed, 0.5 + 1e-4 * seed, 1000 + seed));
    }
  }
  const std::string html = page_of(comparison);
  BOOST_TEST(html.size() < 1'500'000U);
  BOOST_TEST(count(html, "class=\"series c0 d0 curve\"") == 250U);
  BOOST_TEST(count(html, "The first 250 runs of each group.") == 1U);
}

BOOST_AUTO_TEST_CASE(axes_of_scatter_plots_fit_their_values) {
  ScatterPlot plot{
      "t", "cost", "share, %", {{"a", 0, {{1, 0.5, "<p>"}, {std::nan(""), 0.5, "no"}}}, {"none", 1, {}}}, true};
  plot.groups[0].points.push_back({8, 0.75, "q"});
  std::string svg = draw(plot);
  BOOST_TEST(is_well_formed(svg));
  BOOST_TEST(count(svg, "<title>") == 2U);
  BOOST_TEST(count(svg, "&lt;p&gt;") == 1U);
  BOOST_TEST(count(svg, "data-group=\"none\"") == 0U);
  BOOST_TEST(count(svg, ">6</text>") == 1U);  // linear
  plot.groups[0].points[2].x = 1000;
  BOOST_TEST(count(draw(plot), ">100</text>") == 1U);  // logarithmic
  plot.groups[0].points.clear();
  BOOST_TEST(draw(plot) == "");
}

BOOST_AUTO_TEST_CASE(twenty_four_series_can_be_told_apart) {
  std::set<std::string> looks;
  for (int number = 0; number < 24; ++number) {
    looks.insert(series_classes(number));
    BOOST_TEST(is_well_formed(mark(number, 5, 5, 4)));
  }
  BOOST_TEST(looks.size() == 24U);
  BOOST_TEST(mark(0, 5, 5, 4) == mark(5, 5, 5, 4));
  BOOST_TEST(mark(0, 5, 5, 4) != mark(6, 5, 5, 4));
  BOOST_TEST(series_classes(24) == series_classes(0));
}

BOOST_AUTO_TEST_CASE(names_from_right_to_left_are_isolated) {
  BOOST_TEST(isolated("plain Größe 花 🌷") == "plain Größe 花 🌷");
  BOOST_TEST(isolated("a שלום") == "\u2068a שלום\u2069");
  BOOST_TEST(isolated("سلام") == "\u2068سلام\u2069");
  BOOST_TEST(isolated("\u202e") == "\u2068\u202e\u2069");
  BOOST_TEST(isolated("\xd7") == "\xd7");  // half a letter
}

BOOST_AUTO_TEST_CASE(only_pages_are_replaced) {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "x.html";
  const std::string html = page_of(two_groups("a", "b"));
  write_page(file, "");
  write_page(file, html);  // in the place of an empty file
  write_page(file, html);
  BOOST_TEST(read_file(file) == html);
  write_file_atomically(file, "mine");
  BOOST_CHECK_EXCEPTION(write_page(file, html), Error,
                        error_with(ErrorCode::kUsage, "x.html' exists and is no page of dha"));
  BOOST_TEST(read_file(file) == "mine");
  BOOST_CHECK_EXCEPTION(write_page(folder.path(), html), Error, error_with(ErrorCode::kUsage, "is a folder"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace dha::page
