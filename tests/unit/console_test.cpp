// What a person reads while a run goes on: lines, bars, tables and durations.
#include "report/console.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

#include "storage/atomic_file.hpp"
#include "support/paths.hpp"

using dha::ProgressLine;

namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();

ProgressLine some_line(int64_t done) {
  return {.stage = "search 3/10",
          .done = done,
          .total = 50,
          .loss = 1.25,
          .accuracy = 0.451,
          .images_per_second = 1234,
          .seconds_left = 185};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(console)

BOOST_AUTO_TEST_CASE(elsewhere_than_on_a_terminal_lines_are_rare) {
  const dha::test::TemporaryDirectory folder;
  std::FILE* out = std::fopen((folder.path() / "out").c_str(), "w");
  double now = 0;
  {
    dha::Console console(out, dha::Console::Mode::kAutomatic, [&] { return now; });
    BOOST_TEST(!console.is_terminal());
    for (int64_t step = 1; step <= 50; ++step) {
      now += 1;
      console.progress(some_line(step));
    }
    console.progress(some_line(50));  // told again at the end of the epoch
    console.warning("two\nlines\x1b[2J");
  }
  std::fclose(out);
  BOOST_TEST(dha::read_file(folder.path() / "out") ==
             "search 3/10: 31/50 steps, loss 1.25, accuracy 45.1%, 1234 images/s, 3m 05s left\n"
             "search 3/10: 50/50 steps, loss 1.25, accuracy 45.1%, 1234 images/s\n"
             "warning: two\nlines?[2J\n");
}

BOOST_AUTO_TEST_CASE(quiet_shows_warnings_only) {
  const dha::test::TemporaryDirectory folder;
  std::FILE* out = std::fopen((folder.path() / "out").c_str(), "w");
  {
    dha::Console console(out, dha::Console::Mode::kQuiet);
    console.progress(some_line(50));
    console.line("news");
    console.warning("trouble");
  }
  std::fclose(out);
  BOOST_TEST(dha::read_file(folder.path() / "out") == "warning: trouble\n");
}

BOOST_AUTO_TEST_CASE(a_bar_gives_up_what_matters_least_first) {
  BOOST_TEST(
      dha::format_bar(some_line(25), 200, false) ==
      "search 3/10  [===================                   ]   50%  loss 1.25  acc 45.1%  1234 img/s  3m 05s left");
  const std::string narrow = dha::format_bar(some_line(25), 50, false);
  BOOST_TEST(narrow.find("loss 1.25") == std::string::npos, narrow);
  BOOST_TEST(narrow.find("50%") != std::string::npos, narrow);
  for (size_t columns = 1; columns < 120; ++columns)
    BOOST_TEST(dha::format_bar(some_line(25), columns, false).size() <= columns);
}

BOOST_AUTO_TEST_CASE(numbers_that_say_nothing_are_left_out) {
  ProgressLine line = some_line(10);
  line.loss = line.accuracy = kNan;
  line.images_per_second = 0;
  line.seconds_left = -1;
  BOOST_TEST(dha::format_progress(line) == "search 3/10: 10/50 steps");
  line.total = 0;
  BOOST_TEST(dha::format_bar(line, 60, false).find("100%") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(tables_align_numbers_to_the_right) {
  BOOST_TEST(dha::format_table({{"stage", "accuracy"}, {"search", "9.50 %"}, {"final", "86.66 %"}, {"short"}}) ==
             "stage   accuracy\n------  --------\nsearch    9.50 %\nfinal    86.66 %\nshort\n");
  BOOST_TEST(dha::format_table({{"a", "b"}, {"1", "x"}}) == "a  b\n-  -\n1  x\n");
  BOOST_TEST(dha::format_table({}).empty());
}

BOOST_AUTO_TEST_CASE(durations_have_two_units_at_most) {
  const std::vector<std::pair<double, std::string>> expected = {
      {0, "0.0s"},      {0.84, "0.8s"},   {9.94, "9.9s"},    {9.96, "10s"}, {245, "4m 05s"},
      {3600, "1h 00m"}, {7801, "2h 10m"}, {90000, "1d 01h"}, {-1, "?"},     {kNan, "?"}};
  for (const auto& [seconds, text] : expected) BOOST_TEST(dha::format_duration(seconds) == text);
}

BOOST_AUTO_TEST_SUITE_END()
