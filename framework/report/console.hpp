// The console output of a run: a progress bar on a terminal, plain lines elsewhere, and tables.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace dha {

// What the bar shows. Numbers that are not finite, and rates that are 0, are left out.
struct ProgressLine {
  std::string stage;              // "search 3/10"
  int64_t done = 0, total = 1;    // steps
  double loss = 0, accuracy = 0;  // accuracy in [0, 1]
  double images_per_second = 0;
  double seconds_left = 0;
};

class Console {
 public:
  // kQuiet shows warnings only.
  enum class Mode { kAutomatic, kPlain, kQuiet };

  // A bar is drawn only if `out` is a terminal of at least 40 columns that is not "dumb"; otherwise progress() writes a
  // line at the end of each epoch and at most one every 30 s between. `out` outlives the console; what cannot be
  // written to it (a closed pipe) is lost. `now`: seconds of a steady clock, for tests.
  explicit Console(std::FILE* out, Mode mode = Mode::kAutomatic, std::function<double()> now = nullptr);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  void progress(const ProgressLine& line);  // redraws at most 10 times per second, and at the end of an epoch
  void end_progress();                      // leaves the bar's last state as a line
  void line(const std::string& text);       // above the bar [any thread]
  void warning(const std::string& text);    // as line(), with "warning: " in front, in every mode [any thread]
  bool is_terminal() const { return is_terminal_; }

 private:
  void write_above_bar(const std::string& text);
  void put(std::string_view text);

  std::FILE* out_;
  Mode mode_;
  std::function<double()> now_;
  bool is_terminal_;
  bool is_utf8_;
  bool bar_shown_ = false;
  bool epoch_open_ = false;
  double last_drawn_ = 0;
  std::string last_text_;
  std::mutex mutex_;
};

// One line for a bar of at most `columns` columns; if it does not fit, the bar and the least important numbers are left
// out first.
std::string format_bar(const ProgressLine& line, size_t columns, bool is_utf8);

// "search 3/10: 40/50 steps, loss 1.2345, accuracy 45.1%, 1234 images/s, 3m 05s left".
std::string format_progress(const ProgressLine& line);

// Columns aligned, numbers to the right; first row is the heading, underlined. Short rows are filled up.
std::string format_table(const std::vector<std::vector<std::string>>& rows);

// "4m 05s", "2h 10m", "0.8s"; "?" for negative or non-finite values.
std::string format_duration(double seconds);

}  // namespace dha
