// The page of a run: its statistics and axes, what it reads of a run's files, and that its text is safe.
#include "page/page.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <set>
#include <sstream>

#include "page/axis.hpp"
#include "page/base64.hpp"
#include "page/heat_map.hpp"
#include "page/html.hpp"
#include "page/line_chart.hpp"
#include "page/plot_area.hpp"
#include "page/statistics.hpp"
#include "page/timeline.hpp"
#include "report/confusion.hpp"
#include "report/csv.hpp"
#include "report/epoch_table.hpp"
#include "report/prediction_tables.hpp"
#include "storage/atomic_file.hpp"
#include "support/markup.hpp"
#include "support/paths.hpp"

namespace page = dha::page;
using dha::test::count;
using dha::test::is_well_formed;
using dha::test::TemporaryDirectory;

namespace {

std::vector<std::string> labels_of(const page::Axis& axis, int most) {
  std::vector<std::string> labels;
  for (const page::Axis::Tick& tick : axis.ticks(most)) labels.push_back(tick.label);
  return labels;
}

// A run of two stages whose class names are as unpleasant as names can be.
void write_run(const std::filesystem::path& folder) {
  dha::write_file_atomically(folder / "pipeline.json", R"({"name": "a <b> & \"c\"", "seed": 18446744073709551615,
    "dataset": {"use": "dha.idx", "path": "/data/sets/mnist"},
    "stages": [{"name": "search", "epochs": 2}, {"name": "final", "epochs": 2}]})");
  dha::write_file_atomically(folder / "dataset.json", R"({"identity": {"class_names": ["<script>alert(1)</script>",
    "a,\"b\"\nc"], "train": {"images": 60000}, "validation": {"images": 0}, "test": {"images": 4}}})");
  dha::write_file_atomically(folder / "metrics.jsonl",
                             R"({"event":"step","stage":"search","epoch":1,"step":2,"loss":2.5,"learning_rate":0.1}
{"event":"epoch","stage":"search","epoch":1,"train_loss":2.0,"train_accuracy":0.25,"searcher":{"a":1}}
{"event":"epoch","stage":"search","epoch":2,"train_loss":null,"train_accuracy":0.5,"validation_accuracy":0.5}
{"event":"epoch","stage":"final","epoch":1,"train_loss":1.0,"train_acc)");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(report_page)

// Expected: scipy 1.x, scipy.stats.binomtest(k, n).proportion_ci(0.95, method="wilson").
BOOST_AUTO_TEST_CASE(wilson_intervals_equal_those_of_scipy) {
  const struct {
    int64_t successes, trials;
    double low, high;
  } cases[] = {{8, 10, 0.4901624715366418, 0.9433178485456248},
               {1669, 2000, 0.8175745797509876, 0.8501429156178543},
               {0, 20, 0.0, 0.16112515805281935},
               {20, 20, 0.8388748419471808, 1.0},
               {9150, 10000, 0.9093733864591546, 0.9203078948931839}};
  for (const auto& [successes, trials, low, high] : cases) {
    const page::Interval interval = page::wilson_interval(successes, trials);
    BOOST_TEST(std::fabs(interval.low - low) < 1e-12);
    BOOST_TEST(std::fabs(interval.high - high) < 1e-12);
  }
  BOOST_TEST(page::wilson_interval(0, 0).high == 1);
}

// Expected: torchmetrics 1.9.0, multiclass_calibration_error(norm="l1") of two classes with these probabilities.
BOOST_AUTO_TEST_CASE(calibration_error_equals_that_of_torchmetrics) {
  const double probabilities[] = {0.55, 0.62, 0.71, 0.78, 0.83, 0.9, 0.91, 0.95, 0.99, 0.997, 0.52, 0.68};
  const bool right[] = {true, false, true, true, false, true, true, true, true, true, false, true};
  std::vector<page::Confidence> predictions;
  for (size_t i = 0; i < std::size(right); ++i) predictions.push_back({probabilities[i], right[i]});
  BOOST_TEST(std::fabs(page::calibration_of(predictions, 5).error - 0.07141663879156113) < 1e-6);
  BOOST_TEST(std::fabs(page::calibration_of(predictions, 15).error - 0.2919166684150696) < 1e-6);
  int64_t images = 0;
  for (const page::CalibrationBin& bin : page::calibration_of(predictions, 15).bins) images += bin.images;
  BOOST_TEST(images == 12);
  // Both ends belong to a bin, and what is no probability to none.
  const auto ends = page::calibration_of({{0, false}, {1, true}, {std::nan(""), false}}, 10).bins;
  BOOST_TEST(ends.front().images == 1);
  BOOST_TEST(ends.back().images == 1);
}

// Expected: scipy.stats.entropy(p, uniform).
BOOST_AUTO_TEST_CASE(divergences_equal_those_of_scipy) {
  BOOST_TEST(std::fabs(page::divergence_from_uniform({0.5, 0.25, 0.125, 0.125}) - 0.1732867951399863) < 1e-14);
  BOOST_TEST(std::fabs(page::divergence_from_uniform({3, 1, 0, 2, 5, 1}) - 0.3676295518812815) < 1e-14);
  BOOST_TEST(page::divergence_from_uniform(std::vector<double>(196, 1.0 / 196)) < 1e-12);
  BOOST_TEST(page::divergence_from_uniform({}) == 0);
}

BOOST_AUTO_TEST_CASE(axes_have_round_ticks) {
  const auto check = [](const page::Axis& axis, int most, const std::vector<std::string>& expected) {
    BOOST_TEST(labels_of(axis, most) == expected, boost::test_tools::per_element());
  };
  check({0, 1, 0, 100}, 6, {"0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  check({81.3, 92.9, 0, 100}, 6, {"85", "90"});
  check({0, 12000, 0, 100}, 4, {"0", "5,000", "10,000"});
  check({-1, 1, 0, 100}, 3, {"-1", "0", "1"});
  check({1e-4, 0.1, 0, 100, true}, 6, {"1e-4", "0.001", "0.01", "0.1"});
  check({80000, 3.4e6, 0, 100, true}, 6, {"100,000", "200,000", "500,000", "1M", "2M"});
  check({5, 5, 0, 100}, 6, {"5"});
  page::Axis epochs(0.9, 3.1, 0, 100);
  epochs.count();
  check(epochs, 8, {"1", "2", "3"});
  check({2.98e-4, 3e-4, 0, 100}, 6, {"2.98e-4", "2.99e-4", "3e-4"});  // not 2.99e-4 twice
}

BOOST_AUTO_TEST_CASE(ticks_are_few_distinct_and_within_the_axis) {
  for (double low : {-3.7, 0.0, 1e-6, 0.127, 17.0, 1e6})
    for (double length : {1e-5, 0.003, 0.9, 14.0, 196.0, 3e7})
      for (const int most : {3, 6, 8}) {
        const std::vector<double> ticks = page::nice_ticks(low, low + length, most);
        const double slack = 1e-6 * length + 1e-15 * std::fabs(low);
        BOOST_TEST_CONTEXT(low << " + " << length << ", " << most) {
          BOOST_TEST(ticks.size() >= 2U);
          BOOST_TEST(ticks.size() <= static_cast<size_t>(most) + 1);
          for (size_t i = 0; i < ticks.size(); ++i) {
            BOOST_TEST(ticks[i] >= low - slack);
            BOOST_TEST(ticks[i] <= low + length + slack);
            if (i > 0) BOOST_TEST(ticks[i] > ticks[i - 1]);
          }
        }
      }
}

BOOST_AUTO_TEST_CASE(positions_are_linear_or_logarithmic) {
  const page::Axis linear(10, 30, 100, 0), logarithmic(0.01, 1, 0, 100, true);
  BOOST_TEST(linear.position(10) == 100);
  BOOST_TEST(linear.position(25) == 25);
  BOOST_TEST(std::fabs(logarithmic.position(0.1) - 50) < 1e-9);
}

BOOST_AUTO_TEST_CASE(text_is_escaped_and_made_valid) {
  BOOST_TEST(page::escaped("a<b>&\"c'") == "a&lt;b&gt;&amp;&quot;c'");
  BOOST_TEST(page::escaped("Grün 花 🌷") == "Grün 花 🌷");
  BOOST_TEST(page::escaped("a\xff"
                           "b\xc3") ==
             "a\xef\xbf\xbd"
             "b\xef\xbf\xbd");
  BOOST_TEST(page::escaped(std::string("\0\x1b", 2)) == "\xef\xbf\xbd\xef\xbf\xbd");
  BOOST_TEST(page::escaped("\xed\xa0\x80") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // a surrogate
  BOOST_TEST(page::escaped("\xc0\xaf") == "\xef\xbf\xbd\xef\xbf\xbd");                  // an overlong slash
  BOOST_TEST(page::shortened("花花花花", 3) == "花花…");
  BOOST_TEST(page::shortened("花花花", 3) == "花花花");
  BOOST_TEST(page::whole(-1234567) == "-1,234,567");
  BOOST_TEST(page::amount(10781136) == "10.78 M");
}

// Expected: RFC 4648, section 10.
BOOST_AUTO_TEST_CASE(base64_has_the_test_vectors_of_its_standard) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) BOOST_TEST(page::base64(bytes) == text);
}

BOOST_AUTO_TEST_CASE(csv_survives_commas_quotes_and_line_breaks) {
  const std::vector<std::string> fields{"", "plain", "a,b", "say \"hi\"", "two\nlines", "花", " "};
  BOOST_TEST(dha::csv_line({"a,b", "\"", "x"}) == "\"a,b\",\"\"\"\",x\n");
  const auto rows = dha::parse_csv(dha::csv_line(fields) + "\r\n1,2\r\nlast,\"unfinished");
  BOOST_REQUIRE(rows.size() == 3U);
  BOOST_TEST(rows[0] == fields, boost::test_tools::per_element());
  BOOST_TEST((rows[1] == std::vector<std::string>{"1", "2"}));
  BOOST_TEST((rows[2] == std::vector<std::string>{"last", "unfinished"}));
}

BOOST_AUTO_TEST_CASE(shares_of_classes) {
  dha::Confusion confusion(3);
  for (const auto& [truth, predicted] :
       std::vector<std::pair<int64_t, int64_t>>{{0, 0}, {0, 0}, {0, 1}, {1, 1}, {1, 0}, {1, 0}, {1, 0}})
    confusion.add(truth, predicted);
  BOOST_TEST(confusion.images() == 7);
  BOOST_TEST(confusion.correct() == 3);
  BOOST_TEST(confusion.count(1, 0) == 3);  // rows are true classes
  BOOST_TEST(confusion.recall(0) == 2.0 / 3);
  BOOST_TEST(confusion.precision(0) == 2.0 / 5);
  BOOST_TEST(confusion.f1(0) == 0.5);
  BOOST_TEST(std::isnan(confusion.recall(2)));
}

BOOST_AUTO_TEST_CASE(predictions_are_read_as_they_were_written) {
  const TemporaryDirectory folder;
  const std::vector<std::string> names{"a,b", "say \"hi\"\n", "<i>"};
  const std::vector<dha::ImagePrediction> written{{"validation", "x/\"1\".png", 0, 1, 0.9000001F, 0.05F},
                                                  {"test", "2", 2, 2, 1.0F, 1.0F},
                                                  {"test", "3", 1, 2, 1e-7F, std::nanf("")}};
  dha::write_prediction_tables(folder.path(), names, written);
  const auto read = dha::parse_predictions(dha::read_file(folder.path() / "predictions.csv"), names);
  BOOST_REQUIRE(read.size() == written.size());
  for (size_t i = 0; i < read.size(); ++i) {
    BOOST_TEST(read[i].split == written[i].split);
    BOOST_TEST(read[i].image == written[i].image);
    BOOST_TEST(read[i].truth == written[i].truth);
    BOOST_TEST(read[i].predicted == written[i].predicted);
    BOOST_TEST(read[i].probability == written[i].probability);
  }
  BOOST_TEST(std::isnan(read[2].probability_of_true));
  const auto confusion = dha::parse_csv(dha::read_file(folder.path() / "confusion.csv"));
  BOOST_REQUIRE(confusion.size() == 7U);
  BOOST_TEST((confusion[5] == std::vector<std::string>{"test", "say \"hi\"\n", "0", "0", "1"}));
}

BOOST_AUTO_TEST_CASE(epochs_become_a_table) {
  const TemporaryDirectory folder;
  write_run(folder.path());
  dha::write_epoch_table(folder.path());
  BOOST_TEST(dha::read_file(folder.path() / "metrics.csv") ==
             "stage,epoch,train_loss,train_accuracy,validation_accuracy\nsearch,1,2.0,0.25,\nsearch,2,,0.5,0.5\n");
}

BOOST_AUTO_TEST_CASE(a_run_is_read_as_far_as_it_got) {
  const TemporaryDirectory folder;
  const dha::RunRecord nothing = dha::read_run(folder.path());
  BOOST_TEST(nothing.stages.empty());
  BOOST_TEST(!nothing.is_finished);
  write_run(folder.path());
  const dha::RunRecord record = dha::read_run(folder.path());
  BOOST_TEST(record.seed == "18446744073709551615");
  BOOST_REQUIRE(record.epochs.size() == 2U);  // the third line is cut off
  BOOST_TEST(record.epochs[1].values.count("train_loss") == 0U);
  BOOST_TEST(record.epochs[1].values.at("validation_accuracy") == 0.5);
  BOOST_REQUIRE(record.steps.size() == 1U);
  BOOST_TEST(record.steps[0].values.at("learning_rate") == 0.1);
  BOOST_TEST(record.class_names.size() == 2U);
  BOOST_TEST(page::Timeline(record).spans().size() == 1U);
}

BOOST_AUTO_TEST_CASE(damaged_files_count_as_absent) {
  const TemporaryDirectory folder;
  for (const char* name : {"pipeline.json", "stages.json", "summary.json", "dataset.json", "policy.json",
                           "architecture.json", "environment.json", "metrics.jsonl", "predictions.csv"})
    for (const char* content :
         {"", "{", "[1, 2", "null", "[[]]", "{\"stages\": 3, \"augmenters\": \"x\"}", "\xff\xfe"}) {
      dha::write_file_atomically(folder.path() / name, content);
      BOOST_TEST(is_well_formed(page::page_of(dha::read_run(folder.path()), page::RunState::kInterrupted)));
    }
}

BOOST_AUTO_TEST_CASE(a_page_is_well_formed_and_asks_for_nothing) {
  const TemporaryDirectory folder;
  write_run(folder.path());
  dha::write_file_atomically(folder.path() / "stages.json", R"({"stages": [{"epochs": 2}, {"epochs": 2}]})");
  dha::write_prediction_tables(folder.path(), dha::read_run(folder.path()).class_names,
                               {{"test", "1", 0, 0, 0.9F, 0.9F}, {"test", "2", 0, 1, 0.8F, 0.2F}});
  const dha::RunRecord record = dha::read_run(folder.path());
  const std::string html = page::page_of(record, page::RunState::kInterrupted);
  BOOST_TEST(is_well_formed(html));
  for (const char* reference : {"http://", "https://", "url(", "src=", "@import"})
    BOOST_TEST(count(html, reference) == 0U, reference);
  BOOST_TEST(count(html, "<script>alert") == 0U);
  BOOST_TEST(count(html, "&lt;script&gt;alert(1)&lt;/script&gt;") > 0U);
  BOOST_TEST(count(html, "true class (rows)") == 1U);
  BOOST_TEST(count(html, "http-equiv=\"refresh\"") == 0U);
  BOOST_TEST(count(page::page_of(record, page::RunState::kRunning), "http-equiv=\"refresh\"") == 1U);
}

BOOST_AUTO_TEST_CASE(sections_without_data_are_absent) {
  const TemporaryDirectory folder;
  write_run(folder.path());
  const std::string html = page::page_of(dha::read_run(folder.path()), page::RunState::kInterrupted);
  for (const char* id : {"result", "curves", "course", "environment"})
    BOOST_TEST(count(html, std::string("<section id=\"") + id) == 1U, id);
  for (const char* id : {"policy", "architecture", "classes", "mistakes", "reliability", "trials"})
    BOOST_TEST(count(html, std::string("<section id=\"") + id) == 0U, id);
}

BOOST_AUTO_TEST_CASE(curves_leave_out_what_is_not_finite) {
  page::LineChart chart;
  chart.title = "t";
  chart.series = {{"a", 0, {{1, std::nan("")}, {2, 1}, {3, INFINITY}}}};
  BOOST_TEST(chart.has_points());
  const std::string svg = draw(chart);
  BOOST_TEST(count(svg, "nan") == 0U);
  BOOST_TEST(count(svg, "inf") == 0U);
  chart.series[0].points = {{1, std::nan("")}};
  BOOST_TEST(!chart.has_points());
}

BOOST_AUTO_TEST_CASE(values_that_hardly_differ_have_labels_that_do) {
  for (const double value : {0.0255, 3e-4, 1e-9, 12345678.0}) {
    page::ValueRange values;
    values.add(value);
    values.add(value * (1 + 1e-8));
    const page::Axis axis = page::PlotArea::vertical(values, false);
    BOOST_TEST(axis.contains(value), value);
    const std::vector<std::string> labels = labels_of(axis, 6);
    BOOST_TEST(std::set<std::string>(labels.begin(), labels.end()).size() == labels.size(), value);
    BOOST_TEST(labels.size() >= 2U, value);
  }
}

BOOST_AUTO_TEST_CASE(long_curves_are_thinned) {
  page::LineChart chart;
  page::Series series{"a", 0, {}};
  for (int i = 0; i <= 100'000; ++i) series.points.push_back({static_cast<double>(i), 1.0 / (i + 1)});
  chart.series = {series};
  const std::string svg = draw(chart);
  BOOST_TEST(svg.size() < 30'000U);
  BOOST_TEST(count(svg, "100000,9.9999e-06") == 1U);  // the last point stays
}

BOOST_AUTO_TEST_CASE(a_matrix_of_many_classes_stays_small) {
  page::HeatMap map;
  map.names.assign(128, "a name that is long");
  map.cell = [](size_t, size_t) { return page::HeatMap::Cell{0.5, "1", "hover", false}; };
  BOOST_TEST(draw(map).size() < 500'000U);
}

BOOST_AUTO_TEST_SUITE_END()
