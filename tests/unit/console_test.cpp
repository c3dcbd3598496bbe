// What a person reads while a run goes on: lines, bars, tables and durations.
#include "report/console.hpp"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <limits>
#include <optional>

#include "report/printable.hpp"
#include "storage/atomic_file.hpp"
#include "support/paths.hpp"

using dha::Console;
using dha::ProgressLine;

namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();
const std::string kClear = "\r\x1b[K";

ProgressLine some_line(int64_t done) {
  ProgressLine line;
  line.stage = "search 3/10";
  line.done = done;
  line.total = 50;
  line.loss = 1.25;
  line.accuracy = 0.451;
  line.best = 0.512;
  line.best_at = 2;
  line.images_per_second = 1234;
  line.seconds_left = 185;
  return line;
}

dha::LongWorkState some_work(int64_t done, double seconds) { return {"checking images", done, 100, seconds, seconds}; }

// A pseudo-terminal, and a console on it.
class Terminal {
 public:
  explicit Terminal(unsigned short columns, const char* type = "xterm") {
    setenv("TERM", type, 1);
    setenv("LC_ALL", "C", 1);
    winsize size{24, columns, 0, 0};
    BOOST_REQUIRE(openpty(&screen_, &line_, nullptr, nullptr, &size) == 0);
    fcntl(screen_, F_SETFL, O_NONBLOCK);
    out_ = fdopen(line_, "w");
    console.emplace(out_, Console::Mode::kAutomatic, [this] { return now; });
  }
  ~Terminal() {
    console.reset();
    std::fclose(out_);
    close(screen_);
  }
  Terminal(const Terminal&) = delete;

  void resize(unsigned short columns) {
    winsize size{24, columns, 0, 0};
    BOOST_REQUIRE(ioctl(screen_, TIOCSWINSZ, &size) == 0);
  }

  // What has been written since the last call.
  std::string written() {
    std::string text;
    std::array<char, 4096> part;
    for (ssize_t count = 0; (count = read(screen_, part.data(), part.size())) > 0;)
      text.append(part.data(), static_cast<size_t>(count));
    return text;
  }

  double now = 0;
  std::optional<Console> console;

 private:
  int screen_ = -1, line_ = -1;
  std::FILE* out_ = nullptr;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(console)

BOOST_AUTO_TEST_CASE(elsewhere_than_on_a_terminal_lines_are_rare) {
  const dha::test::TemporaryDirectory folder;
  std::FILE* out = std::fopen((folder.path() / "out").c_str(), "w");
  double now = 0;
  {
    Console console(out, Console::Mode::kAutomatic, [&] { return now; });
    BOOST_TEST(!console.is_terminal());
    for (int64_t step = 1; step <= 50; ++step) {
      now += 1;
      console.progress(some_line(step));
    }
    ProgressLine line = some_line(50);
    line.validation = line.best = 0.5234;
    line.best_at = 3;
    line.test = 0.5;
    console.finish_progress(line);
    console.work(some_work(10, 29));
    console.work(some_work(10, 31));  // 1 s after the line before
    now += 30;
    console.work(some_work(25, 60));
    console.end_work();
    console.warning("two\nlines\x1b[2J\u202e\u2069\u2070");
  }
  std::fclose(out);
  BOOST_TEST(dha::read_file(folder.path() / "out") ==
             "search 3/10: 30/50 steps, loss 1.25, accuracy 45.1%, best validation 51.2% (epoch 2), 1234 images/s, "
             "3m 05s left\n"
             "search 3/10: loss 1.25, accuracy 45.1%, validation 52.3%, best validation 52.3% (epoch 3), test 50.00%, "
             "1234 images/s, 3m 05s left\n"
             "checking images: 25/100, 3m 00s left\n"
             "warning: two\nlines?[2J??\u2070\n");
}

BOOST_AUTO_TEST_CASE(quiet_shows_warnings_only) {
  const dha::test::TemporaryDirectory folder;
  std::FILE* out = std::fopen((folder.path() / "out").c_str(), "w");
  {
    Console console(out, Console::Mode::kQuiet);
    console.progress(some_line(10));
    console.finish_progress(some_line(50));
    console.work(some_work(1, 100));
    console.line("news");
    console.warning("trouble");
  }
  std::fclose(out);
  BOOST_TEST(dha::read_file(folder.path() / "out") == "warning: trouble\n");
}

BOOST_AUTO_TEST_CASE(a_bar_becomes_the_line_of_its_epoch) {
  Terminal terminal(110);
  Console& console = *terminal.console;
  BOOST_TEST_REQUIRE(console.is_terminal());
  console.progress(some_line(25));
  const std::string bar = dha::format_bar(some_line(25), 109, false);
  BOOST_TEST(terminal.written() == bar);
  console.progress(some_line(26));  // too early
  console.line("news");
  BOOST_TEST(terminal.written() == kClear + "news\r\n" + bar);
  console.finish_progress(some_line(50));
  BOOST_TEST(terminal.written() ==
             kClear + "search 3/10  loss 1.25  acc 45.1%  best 51.2% (epoch 2)  1234 img/s  3m 05s left\r\n");
  console.end_progress();
  BOOST_TEST(terminal.written().empty());
  terminal.now += 1;
  console.progress(some_line(25));
  terminal.written();
  console.end_progress();
  BOOST_TEST(terminal.written() == kClear + bar + "\r\n");
}

BOOST_AUTO_TEST_CASE(work_takes_the_place_of_the_bar_while_it_lasts) {
  Terminal terminal(60);
  Console& console = *terminal.console;
  console.progress(some_line(25));
  const std::string bar = terminal.written();
  console.work(some_work(1, 0.9));
  BOOST_TEST(terminal.written().empty());
  console.work(some_work(25, 3));
  BOOST_TEST(terminal.written() == kClear + "checking images  [===            ]   25%  25/100  9.0s left");
  console.work({"writing model/", 0, 0, 0.2, 3.5});  // a part of it
  BOOST_TEST(terminal.written() == kClear + "writing model/  0.2s");
  console.end_work();
  BOOST_TEST(terminal.written() == kClear + bar);
}

BOOST_AUTO_TEST_CASE(nothing_is_wider_than_the_window_whatever_its_size) {
  Terminal terminal(100);
  Console& console = *terminal.console;
  for (const unsigned short columns : {100, 45, 30, 20, 8, 80}) {
    terminal.resize(columns);
    terminal.now += 1;
    console.progress(some_line(25));
    std::string bar = terminal.written();
    if (bar.starts_with(kClear)) bar.erase(0, kClear.size());
    BOOST_TEST(dha::columns_of(bar) < columns, bar);
  }
  terminal.resize(30);
  console.line("a sentence of many words and /one/path/that/is/longer/than/a/line behind them");
  BOOST_TEST(terminal.written().starts_with(kClear + "a sentence of many words and\r\n"
                                                     "    /one/path/that/is/longer/than/a/line\r\n"
                                                     "    behind them\r\n"));
}

BOOST_AUTO_TEST_CASE(terminals_that_cannot_draw_get_lines) {
  const std::vector<std::pair<unsigned short, const char*>> terminals = {{80, "dumb"}, {80, ""}, {19, "xterm"}};
  for (const auto& [columns, type] : terminals) {
    Terminal terminal(columns, type);
    BOOST_TEST(!terminal.console->is_terminal());
    terminal.console->progress(some_line(25));
    terminal.console->finish_progress(some_line(50));
    terminal.console->line("news");
    const std::string text = terminal.written();
    BOOST_TEST(text.find('\x1b') == std::string::npos);
    BOOST_TEST(text.starts_with("search 3/10: loss 1.25, accuracy 45.1%"), text);
    BOOST_TEST((text.find("\r\n    ") != std::string::npos) == (columns == 80), text);
    BOOST_TEST(text.ends_with("news\r\n"));
  }
}

BOOST_AUTO_TEST_CASE(a_bar_gives_up_what_matters_least_first) {
  const auto bar = [](size_t columns) { return dha::format_bar(some_line(25), columns, false); };
  const std::string numbers = "   50%  loss 1.25  acc 45.1%  best 51.2% ";
  BOOST_TEST(bar(200) ==
             "search 3/10  [===================                   ]" + numbers + "(epoch 2)  1234 img/s  3m 05s left");
  BOOST_TEST(bar(79) == "search 3/10" + numbers + "(2)  1234/s  3m 05s left");
  BOOST_TEST(bar(44) == "search 3/10   50%  best 51.2% (2)  3m left");
  BOOST_TEST(bar(29) == "search 3/10   50%  3m left");
  BOOST_TEST(bar(19) == "search 3/10   50%");
}

BOOST_AUTO_TEST_CASE(no_text_is_wider_than_asked_for) {
  ProgressLine wide = some_line(25), full = some_line(50);
  wide.stage = "\u63a2\u7d22\U0001f680\u2764\ufe0f e\u0301t\u00e9 of a rather long name 3/10";
  full.validation = full.test = 0.5;
  full.remark = "12 running";
  for (size_t columns = 1; columns < 150; ++columns)
    for (const bool is_utf8 : {false, true})
      for (const ProgressLine& line : {some_line(25), wide, full}) {
        BOOST_TEST(dha::columns_of(dha::format_bar(line, columns, is_utf8)) <= columns);
        BOOST_TEST(dha::columns_of(dha::format_epoch(line, columns)) <= columns);
        BOOST_TEST(dha::columns_of(dha::format_work({line.stage, 5, 10, 3, 3}, columns, is_utf8)) <= columns);
        BOOST_TEST(dha::columns_of(dha::format_work({line.stage, 0, 0, 3, 3}, columns, is_utf8)) <= columns);
      }
}

BOOST_AUTO_TEST_CASE(characters_have_the_columns_of_a_terminal) {
  const std::vector<std::pair<std::string, size_t>> expected = {{"abc", 3},     {"\u63a2\u7d22", 4}, {"\U0001f680", 2},
                                                                {"e\u0301", 1}, {"\u2764\ufe0f", 2}, {"\xff\xfe", 2},
                                                                {"", 0}};
  for (const auto& [text, columns] : expected) BOOST_TEST(dha::columns_of(text) == columns, text);
  BOOST_TEST(dha::first_columns("\u63a2\u7d22", 3) == "\u63a2");
  BOOST_TEST(dha::first_columns("e\u0301e", 1) == "e\u0301");
}

BOOST_AUTO_TEST_CASE(lines_are_broken_between_words) {
  BOOST_TEST(dha::broken_into_lines("one two three", 8, "  ") == "one two\n  three");
  BOOST_TEST(dha::broken_into_lines("one  two\n    three four", 9, "  ") == "one  two\n    three\n  four");
  BOOST_TEST(dha::broken_into_lines("unbreakable", 4, "  ") == "unbreakable");
  BOOST_TEST(dha::broken_into_lines("", 4, "  ").empty());
}

BOOST_AUTO_TEST_CASE(numbers_that_say_nothing_are_left_out) {
  ProgressLine line;
  line.stage = "search 3/10";
  line.done = 10;
  line.total = 50;
  line.seconds_left = -1;
  BOOST_TEST(dha::format_progress(line) == "search 3/10: 10/50 steps");
  BOOST_TEST(dha::format_bar(line, 20, false) == "search 3/10   20%");
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
