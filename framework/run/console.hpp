// What a person sees while a run goes on: a progress bar on a terminal, plain lines elsewhere, and tables.
#pragma once

#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

namespace dha {

// What the bar shows.
struct ProgressLine {
  std::string stage;              // "search 3/10"
  int64_t done = 0, total = 1;    // steps
  double loss = 0, accuracy = 0;  // accuracy in [0, 1]
  double images_per_second = 0;
  double seconds_left = 0;
};

class Console {
 public:
  enum class Mode { kAutomatic, kPlain, kQuiet };

  // A bar is drawn only where `out` is a terminal of at least 40 columns; elsewhere progress() writes a line at the end
  // of each epoch and at most one every 30 s between.
  explicit Console(std::FILE* out, Mode mode = Mode::kAutomatic);
  ~Console();

  void progress(const ProgressLine& line);  // redraws at most 10 times a second
  void end_progress();                      // leaves the bar's last state as a line
  void line(const std::string& text);       // above the bar [any thread]
  bool is_terminal() const { return is_terminal_; }

 private:
  void clear_bar();
  std::FILE* out_;
  Mode mode_;
  bool is_terminal_;
  bool bar_shown_ = false;
  double last_drawn_ = 0;
  std::string last_text_;
  std::mutex mutex_;
};

// Columns aligned, numbers to the right; first row is the heading.
std::string format_table(const std::vector<std::vector<std::string>>& rows);

// "4m 05s", "2h 10m", "0.8s".
std::string format_duration(double seconds);

}  // namespace dha
