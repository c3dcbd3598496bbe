// The console output of a run: a progress bar on a terminal, plain lines elsewhere, and tables.
#pragma once

#include <cstdio>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/progress_line.hpp"

namespace dha {

class Console {
 public:
  // kQuiet shows warnings only.
  enum class Mode { kAutomatic, kPlain, kQuiet };

  // A bar is drawn only if `out` is a terminal of at least 20 columns whose TERM is set and not "dumb". It never wraps,
  // whatever the window is resized to, and text above it is broken between words. Elsewhere progress is a line at most
  // every 30 s, without carriage returns or escape sequences. No mode has colours. `out` outlives the console; what
  // cannot be written to it (a closed pipe) is lost. `now`: seconds of a steady clock, for tests.
  explicit Console(std::FILE* out, Mode mode = Mode::kAutomatic, std::function<double()> now = nullptr);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  void progress(const ProgressLine& line);         // redraws at most 10 times per second, and at the end of an epoch
  void finish_progress(const ProgressLine& line);  // leaves a line on the epoch that is over, in place of the bar
  void end_progress();                             // leaves the bar's last state as a line
  void clear_progress();                           // leaves nothing of the bar
  // In place of the bar until end_work(): work that lasts, from 1 s on a terminal and 30 s elsewhere. [any thread]
  void work(const LongWorkState& work);
  void end_work();                        // [any thread]
  void line(const std::string& text);     // above the bar [any thread]
  void warning(const std::string& text);  // as line(), with "warning: " in front, in every mode [any thread]
  bool is_terminal() const { return is_terminal_; }

 private:
  size_t columns() const;
  const std::string& shown() const { return work_.empty() ? bar_ : work_; }
  bool is_line_due();
  void replace_shown(const std::function<void()>& change, const std::optional<std::string>& line = {});
  void write_above_bar(const std::string& text);
  void put(std::string_view text);

  std::FILE* out_;
  Mode mode_;
  std::function<double()> now_;
  bool is_terminal_;
  bool is_utf8_;
  double last_written_;     // when progress was shown last
  std::string bar_, work_;  // what stands in the terminal's last line: the work, else the bar
  std::mutex mutex_;
};

// Shows long work (process/long_work.hpp) on `console`, which outlives the watch.
LongWorkWatch::Show shown_on(Console& console);

// Columns aligned, numbers to the right; first row is the heading, underlined. Short rows are filled up.
std::string format_table(const std::vector<std::vector<std::string>>& rows);

// "4m 05s", "2h 10m", "0.8s"; "?" for negative or non-finite values.
std::string format_duration(double seconds);

}  // namespace dha
