// Comparisons of runs: groups, settings that differ, t tests against scipy's, and their texts.
#include "compare/comparison.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "compare/comparison_text.hpp"
#include "compare/find_runs.hpp"
#include "compare/labels.hpp"
#include "support/error_checks.hpp"
#include "support/paths.hpp"

namespace dha::compare {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using test::error_with;
using test::TemporaryDirectory;

void write(const fs::path& file, const Json& json) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << json.dump(2);
}

Json pipeline(int seed, double rate = 0.1, int epochs = 2) {
  return {{"name", "small"},
          {"seed", seed},
          {"device", "cpu"},
          {"keep_checkpoints", seed},
          {"dataset", {{"use", "dha.idx"}, {"path", "/data/" + std::to_string(seed)}}},
          {"stages",
           {{{"name", "only"},
             {"epochs", epochs},
             {"batch_size", 16},
             {"validation_fraction", 0.25},
             {"hyper", {{"use", "dha.sgd"}, {"learning_rate", rate}}}}}}};
}

// A finished run with this accuracy on test images, half of it on validation images.
void write_run(const fs::path& folder, const Json& resolved, double accuracy, const std::string& content = "aa") {
  write(folder / "pipeline.json", resolved);
  write(folder / "recorded.json", resolved);
  write(folder / "dataset.json", {{"identity", {{"train", {{"images", 64}, {"content_sha256", content}}}}}});
  write(folder / "stages.json", {{"stages",
                                  {{{"name", "only"},
                                    {"seconds", 2.0},
                                    {"test", {{"accuracy", accuracy}, {"loss", 1}, {"images", 8}}},
                                    {"validation", {{"accuracy", accuracy / 2}, {"loss", 1}, {"images", 8}}},
                                    {"cost", {{"parameters", 100}, {"multiply_adds", 200}}}}}}});
}

Comparison compared(const fs::path& folder, const ComparisonOptions& options = {}) {
  return compare_runs(find_runs(folder), options);
}

void check_close(double found, const Json& expected) {
  const auto value = expected.get<double>();
  BOOST_TEST(std::abs(found - value) <= 1e-9 * std::max(std::abs(value), 1e-9), found << " is not " << value);
}

void check_test(const TestOutcome& outcome, const Json& expected, const Json& difference) {
  BOOST_TEST_REQUIRE(outcome.result.has_value());
  check_close(outcome.result->difference, difference);
  for (const auto& [name, value] :
       {std::pair{"p", outcome.result->p}, std::pair{"low", outcome.result->low},
        std::pair{"high", outcome.result->high}, std::pair{"degrees_of_freedom", outcome.result->degrees_of_freedom}})
    check_close(value, expected.at(name));
}

}  // namespace

BOOST_AUTO_TEST_CASE(t_tests_are_those_of_scipy) {
  std::ifstream file(test::source_dir() / "tests/golden/t_tests/t_tests.json");
  const Json cases = Json::parse(file).at("cases");
  size_t paired = 0;
  for (const Json& one : cases) {
    const auto values = one.at("values").get<std::vector<double>>();
    const auto baseline = one.at("baseline").get<std::vector<double>>();
    check_close(spread_of(values).mean, one.at("mean"));
    check_close(*spread_of(values).deviation, one.at("deviation"));
    check_test(welch_test(values, baseline), one.at("welch"), one.at("difference"));
    if (!one.contains("paired")) continue;
    ++paired;
    check_test(paired_test(values, baseline), one.at("paired"), one.at("difference"));
  }
  BOOST_TEST(cases.size() == 9U);
  BOOST_TEST(paired == 7U);
}

BOOST_AUTO_TEST_CASE(a_test_without_spread_or_with_one_run_says_so) {
  BOOST_TEST(welch_test({0.5}, {0.4, 0.5}).missing == "needs two runs in each group");
  BOOST_TEST(welch_test({0.5, 0.5}, {0.4, 0.4}).missing == "runs of a group do not differ from each other");
  BOOST_TEST(paired_test({0.5}, {0.4}).missing == "needs two seeds that both groups have");
  BOOST_TEST(paired_test({}, {}).missing == "needs two seeds that both groups have");
  BOOST_TEST(paired_test({0.5, 0.6}, {0.4, 0.5}).missing == "all differences are equal");
  BOOST_TEST(spread_of({}).count == 0);
  BOOST_TEST(!spread_of({1}).deviation.has_value());
}

BOOST_AUTO_TEST_CASE(settings_are_leaves_by_pointer) {
  const Settings settings =
      settings_of({{"a", {{"b/c", 1}, {"d", {1, 2}}}}, {"e", {{{"f", "x"}}, {{"f", nullptr}}}}, {"g", Json::object()}});
  const Settings expected{{"/a/b~1c", "1"}, {"/a/d", "[1,2]"}, {"/e/0/f", "\"x\""}, {"/e/1/f", "null"}, {"/g", "{}"}};
  BOOST_TEST((settings == expected));
  const Settings other{{"/a/b~1c", "1"}, {"/e/0/f", "\"y\""}, {"/h", "3"}};
  const std::vector<Difference> found = differences({&settings, &other});
  BOOST_TEST_REQUIRE(found.size() == 5U);
  BOOST_TEST(found[1].pointer == "/e/0/f");
  BOOST_TEST(*found[1].values[1] == "\"y\"");
  BOOST_TEST(found[4].pointer == "/h");
  BOOST_TEST(!found[4].values[0].has_value());
}

BOOST_AUTO_TEST_CASE(long_values_are_cut_between_characters) {
  BOOST_TEST(shortened("four", 4) == "four");
  BOOST_TEST(shortened("fives", 4) == "f...");
  BOOST_TEST(shortened("花花花花", 8) == "花花花花");
  BOOST_TEST(shortened("花花花花花", 8) == "花花...");
  const std::string place(50, 'x');
  std::vector<RunGroup> groups;
  for (const char* end : {"ä", "ö"})
    groups.push_back({"", {}, {}, settings_of({{"name", "n"}, {"path", std::string(36, 'x') + end + place}}), {}});
  label_groups(groups);
  BOOST_TEST(groups[1].label == "n (path " + std::string(36, 'x') + "ö...)");
}

BOOST_AUTO_TEST_CASE(seeds_of_a_pipeline_are_one_group) {
  const TemporaryDirectory folder;
  write_run(folder.path() / "x/1", pipeline(10), 0.5);
  write_run(folder.path() / "x/2", pipeline(9), 0.7);
  write_run(folder.path() / "x/3", pipeline(9), 0.6);  // the same seed again
  const Comparison comparison = compared(folder.path());
  BOOST_TEST_REQUIRE(comparison.tables.size() == 1U);
  const ComparisonTable& table = comparison.tables[0];
  BOOST_TEST(table.conditions == "");
  BOOST_TEST(table.settings.size() == 0U);
  BOOST_TEST_REQUIRE(table.groups.size() == 1U);
  BOOST_TEST(table.groups[0].label == "small");
  BOOST_TEST((seeds_of(table.groups[0]) == std::vector<std::string>{"9", "10"}));
  BOOST_TEST(table.groups[0].test_accuracy.mean == 0.55);
  BOOST_TEST(table.groups[0].validation_accuracy.mean == 0.275);
  BOOST_TEST(table.groups[0].parameters.mean == 100);
  BOOST_TEST(table.groups[0].repeated == 1);
  BOOST_TEST_REQUIRE(comparison.left_out.size() == 1U);
  BOOST_TEST(comparison.left_out[0].why == "repeated");
  BOOST_TEST(fs::path(comparison.left_out[0].folder).filename() == "2");
}

BOOST_AUTO_TEST_CASE(groups_are_named_and_tested_in_their_order) {
  const TemporaryDirectory folder;
  const double accuracies[2][3] = {{0.5, 0.52, 0.54}, {0.6, 0.63, 0.7}};
  for (int group = 0; group < 2; ++group)
    for (int seed = 0; seed < 3; ++seed)
      write_run(folder.path() / std::to_string(group) / std::to_string(seed), pipeline(seed, group == 0 ? 0.2 : 0.1),
                accuracies[group][seed]);
  write_run(folder.path() / "1/9", pipeline(9, 0.1), 0.9);  // a seed that only one group has
  const ComparisonTable table = compared(folder.path()).tables.at(0);
  BOOST_TEST(table.groups[0].label == "small (learning_rate 0.2)");
  BOOST_TEST(table.groups[1].label == "small (learning_rate 0.1)");
  BOOST_TEST_REQUIRE(table.settings.size() == 1U);
  BOOST_TEST(table.settings[0].pointer == "/stages/0/hyper/learning_rate");
  BOOST_TEST(table.metric == "test accuracy");
  BOOST_TEST(table.baseline == "small (learning_rate 0.2)");
  BOOST_TEST_REQUIRE(table.tests.size() == 1U);
  BOOST_TEST(table.tests[0].paired.pairs == 3);
  BOOST_TEST(std::abs(table.tests[0].paired.result->difference - 0.37 / 3) < 1e-12);
  BOOST_TEST(std::abs(table.tests[0].welch.result->difference - (2.83 / 4 - 0.52)) < 1e-12);
  const ComparisonTable other = compared(folder.path(), {"small (learning_rate 0.1)", false}).tables.at(0);
  BOOST_TEST(other.groups[0].label == "small (learning_rate 0.2)");
  BOOST_TEST(other.tests.at(0).label == "small (learning_rate 0.2)");
  BOOST_CHECK_EXCEPTION(compared(folder.path(), {"smal", false}), Error,
                        error_with(ErrorCode::kUsage, "no group is called 'smal'", "'small (learning_rate 0.2)'"));
  BOOST_CHECK_EXCEPTION(compared(folder.path(), {"small", false}), Error,
                        error_with(ErrorCode::kUsage, "several groups have the name 'small'"));
}

BOOST_AUTO_TEST_CASE(a_label_has_what_it_takes_to_be_unique) {
  std::vector<RunGroup> groups;
  for (const char* augment : {"a", "b"})
    for (const int rate : {1, 2})
      groups.push_back(
          {"",
           {},
           {},
           settings_of(
               {{"name", "n"}, {"same", 3}, {"x", {{"rate", rate}, {"twin", rate}}}, {"y", {{"rate", augment}}}}),
           {{"data", "d"}}});
  groups.push_back({"", {}, {}, settings_of({{"name", "other"}}), {{"data", "d"}}});
  groups.push_back({"", {}, {}, groups[0].settings, {{"data", "e"}}});
  const Comparison comparison = compare_groups(
      [&] {
        std::vector<ComparedRun> runs;
        for (const RunGroup& group : groups) {
          ComparedRun run;
          run.settings = group.settings;
          run.conditions = group.conditions;
          runs.push_back(run);
        }
        return group_runs(runs);
      }(),
      {"", true});
  std::vector<std::string> labels;
  for (const GroupRow& row : comparison.tables.at(0).groups) labels.push_back(row.label);
  const std::vector<std::string> expected{"n (x.rate 1, y.rate a, data d)",
                                          "n (x.rate 2, y.rate a, data d)",
                                          "n (x.rate 1, y.rate b, data d)",
                                          "n (x.rate 2, y.rate b, data d)",
                                          "other",
                                          "n (x.rate 1, y.rate a, data e)"};
  BOOST_TEST(labels == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(other_data_splits_and_budgets_are_compared_apart) {
  const TemporaryDirectory folder;
  for (int seed = 1; seed <= 2; ++seed) {
    const std::string name = std::to_string(seed);
    write_run(folder.path() / "a" / name, pipeline(seed), 0.5 + 0.01 * seed);
    write_run(folder.path() / "b" / name, pipeline(seed, 0.2), 0.6 + 0.03 * seed);
    write_run(folder.path() / "c" / name, pipeline(seed, 0.1, 5), 0.7 + 0.01 * seed);
    write_run(folder.path() / "d" / name, pipeline(seed), 0.8 + 0.01 * seed, "bb");
  }
  const Comparison comparison = compared(folder.path());
  BOOST_TEST_REQUIRE(comparison.tables.size() == 3U);
  BOOST_TEST(comparison.tables[0].groups.size() == 2U);
  BOOST_TEST(comparison.tables[0].tests.size() == 1U);
  BOOST_TEST(comparison.tables[0].conditions.find("planned epochs 2") != std::string::npos);
  BOOST_TEST(comparison.tables[0].conditions.find("batch size") == std::string::npos);
  BOOST_TEST(comparison.tables[1].conditions.find("planned epochs 5") != std::string::npos);
  BOOST_TEST(comparison.tables[1].tests.size() == 0U);
  BOOST_TEST(comparison.tables[1].no_tests != "");
  BOOST_TEST(comparison.tables[2].groups.size() == 1U);

  const Comparison mixed = compared(folder.path(), {"", true});
  BOOST_TEST_REQUIRE(mixed.tables.size() == 1U);
  BOOST_TEST(mixed.tables[0].groups.size() == 4U);
  BOOST_TEST(mixed.tables[0].tests.size() == 3U);
  BOOST_TEST(mixed.tables[0].conditions.find("planned epochs (2; 5)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(runs_that_have_not_finished_are_in_no_average) {
  const TemporaryDirectory folder;
  write_run(folder.path() / "1", pipeline(1), 0.5);
  write(folder.path() / "2/pipeline.json", pipeline(2));  // killed before it had opened its data
  write(folder.path() / "2/recorded.json", pipeline(2));
  write_run(folder.path() / "3", pipeline(3), 0.9);
  write(folder.path() / "3/stages.json", {{"stages", Json::array()}});
  write(folder.path() / "3/stopped.json", {{"reason", "diverged"}, {"message", "the loss is no number"}});
  const Comparison comparison = compared(folder.path());
  BOOST_TEST_REQUIRE(comparison.tables.size() == 1U);
  const GroupRow& row = comparison.tables[0].groups.at(0);
  BOOST_TEST((seeds_of(row) == std::vector<std::string>{"1"}));
  BOOST_TEST(row.test_accuracy.mean == 0.5);
  BOOST_TEST(row.unfinished == 1);
  BOOST_TEST(row.diverged == 1);
  BOOST_TEST_REQUIRE(comparison.left_out.size() == 2U);
  BOOST_TEST(comparison.left_out[0].why == "unfinished");
  BOOST_TEST(comparison.left_out[1].why == "diverged");
  BOOST_TEST(comparison.left_out[1].reason == "the loss is no number");
}

BOOST_AUTO_TEST_CASE(runs_are_found_at_any_depth_and_once) {
  const TemporaryDirectory folder;
  const fs::path root = fs::canonical(folder.path());
  write(root / "pipeline.json", pipeline(1));  // a pipeline file beside its runs
  write_run(root / "runs/small/2", pipeline(2), 0.5);
  write_run(root / "runs/small/1", pipeline(1), 0.5);
  fs::create_directory_symlink("2", root / "runs/small/latest");
  write_run(root / "runs/small/1/stages/study/trials/0", pipeline(1), 0.5);
  write_run(root / "trial", pipeline(1), 0.5);
  write(root / "trial/trial.json", Json::object());
  const std::vector<fs::path> expected{root / "runs/small/1", root / "runs/small/2"};
  BOOST_TEST((find_runs(root) == expected));
  BOOST_TEST((find_runs(std::vector<fs::path>{root / "runs/small/latest", root}) ==
              std::vector<fs::path>{root / "runs/small/2", root / "runs/small/1"}));
  fs::create_directory(root / "empty");
  BOOST_CHECK_EXCEPTION(find_runs(root / "empty"), Error, error_with(ErrorCode::kUsage, "contains no run"));
  BOOST_CHECK_EXCEPTION(find_runs(root / "none"), Error, error_with(ErrorCode::kUsage, "is no folder"));
  BOOST_CHECK_EXCEPTION(find_runs(root / "trial"), Error, error_with(ErrorCode::kUsage, "is the folder of a trial"));
}

BOOST_AUTO_TEST_CASE(texts_have_every_group_and_test) {
  const TemporaryDirectory folder;
  write_run(folder.path() / "a/1", pipeline(1), 0.5);
  write_run(folder.path() / "a/2", pipeline(2), 0.52);
  write_run(folder.path() / "b/1", pipeline(1, 0.2), 0.6);
  const Comparison comparison = compared(folder.path());
  const std::string text = comparison_text(comparison);
  for (const char* part :
       {"small (learning_rate 0.1)", "51.00 ± 1.41 %", "60.00 %", "/stages/0/hyper/learning_rate",
        "needs two runs in each group", "Differences in test accuracy from 'small (learning_rate 0.1)'"})
    BOOST_TEST(text.find(part) != std::string::npos, part << " is missing in\n" << text);
  const std::string markdown = comparison_markdown(comparison);
  BOOST_TEST(markdown.find("| small (learning_rate 0.1) | 2 | 51.00 ± 1.41 % | 25.50 ± 0.71 % | 100 | 200 | 2.0 |") !=
                 std::string::npos,
             markdown);
  const std::string csv = comparison_csv(comparison);
  BOOST_TEST(std::count(csv.begin(), csv.end(), '\n') == 3);
  BOOST_TEST(csv.find("\n1,small (learning_rate 0.1),2,0,0,0,1 2,0.51,") != std::string::npos, csv);
  const Json json = comparison_json(comparison);
  const Json& table = json.at("tables").at(0);
  BOOST_TEST(table.at("groups").at(0).at("test_accuracy").at("mean").get<double>() == 0.51);
  BOOST_TEST(table.at("settings").at(0).at("values").dump() == "[0.1,0.2]");
  BOOST_TEST(table.at("tests").at(0).at("paired").at("pairs").get<int>() == 1);
}

}  // namespace dha::compare
