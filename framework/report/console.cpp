#include "report/console.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "process/steady_seconds.hpp"
#include "report/printable.hpp"

namespace dha {

namespace {

constexpr double kSecondsBetweenDrawings = 0.1;
constexpr double kSecondsBetweenLines = 30;
constexpr double kShownAfter = 1;
constexpr size_t kNarrowestTerminal = 20;
constexpr const char* kClearLine = "\r\x1b[K";

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

// 0 where it is not known.
size_t terminal_columns(std::FILE* out) {
  winsize size{};
  return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool can_draw(std::FILE* out) {
  return isatty(fileno(out)) == 1 && variable("TERM") != "dumb" && !variable("TERM").empty() &&
         terminal_columns(out) >= kNarrowestTerminal;
}

// Text of a line or more, broken between words where `out` is a terminal.
std::string broken(std::FILE* out, const std::string& text) {
  const size_t columns = terminal_columns(out);
  return columns < kNarrowestTerminal ? text : broken_into_lines(text, columns - 1, "    ");
}

// The character set that the environment promises, in the order in which the C library looks.
bool environment_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view value = variable(name);
    if (value.empty()) continue;
    return value.find("UTF-8") != value.npos || value.find("utf8") != value.npos;
  }
  return false;
}

}  // namespace

Console::Console(std::FILE* out, Mode mode, std::function<double()> now)
    : out_(out),
      mode_(mode),
      now_(now ? std::move(now) : steady_seconds),
      is_terminal_(mode == Mode::kAutomatic && can_draw(out)),
      is_utf8_(environment_is_utf8()),
      last_written_(now_()) {}

Console::~Console() {
  end_work();
  end_progress();
}

// The last column stays free: a full line makes some terminals wrap. A window may have shrunk.
size_t Console::columns() const { return std::max<size_t>(terminal_columns(out_), 2) - 1; }

void Console::progress(const ProgressLine& line) {
  if (mode_ == Mode::kQuiet) return;
  const std::lock_guard lock(mutex_);
  const bool is_end = line.done >= line.total;
  if (!is_terminal_) {
    if (!is_end && is_line_due()) put(broken(out_, format_progress(line)) + '\n');
    return;
  }
  const double now = now_();
  if (!is_end && !bar_.empty() && now - last_written_ < kSecondsBetweenDrawings) return;
  last_written_ = now;
  replace_shown([&] { bar_ = format_bar(line, columns(), is_utf8_); });
}

void Console::finish_progress(const ProgressLine& line) {
  if (mode_ == Mode::kQuiet) return;
  const std::lock_guard lock(mutex_);
  last_written_ = now_();
  if (is_terminal_)
    replace_shown([&] { bar_.clear(); }, format_epoch(line, columns()));
  else
    put(broken(out_, format_epoch(line)) + '\n');
}

void Console::end_progress() {
  const std::lock_guard lock(mutex_);
  if (bar_.empty()) return;
  const std::string last = bar_;
  replace_shown([&] { bar_.clear(); }, last);
}

void Console::clear_progress() {
  const std::lock_guard lock(mutex_);
  replace_shown([&] { bar_.clear(); });
}

void Console::work(const LongWorkState& work) {
  if (mode_ == Mode::kQuiet) return;
  const std::lock_guard lock(mutex_);
  if (is_terminal_) {
    if (work.outer_seconds >= kShownAfter) replace_shown([&] { work_ = format_work(work, columns(), is_utf8_); });
  } else if (work.outer_seconds >= kSecondsBetweenLines && is_line_due()) {
    put(broken(out_, format_work(work)) + '\n');
  }
}

void Console::end_work() {
  const std::lock_guard lock(mutex_);
  replace_shown([&] { work_.clear(); });
}

void Console::line(const std::string& text) {
  if (mode_ != Mode::kQuiet) write_above_bar(printable(text));
}

void Console::warning(const std::string& text) { write_above_bar("warning: " + printable(text)); }

// Whether a line of progress may be written now, where there is no bar.
bool Console::is_line_due() {
  const double now = now_();
  if (now - last_written_ < kSecondsBetweenLines) return false;
  last_written_ = now;
  return true;
}

// Draws what is shown after `change`, below `line` if there is one.
void Console::replace_shown(const std::function<void()>& change, const std::optional<std::string>& line) {
  const std::string before = shown();
  change();
  std::string text = before.empty() ? "" : kClearLine;
  if (line) text += *line + '\n';
  if (line || before != shown()) put(text + shown());
}

void Console::write_above_bar(const std::string& text) {
  const std::lock_guard lock(mutex_);
  replace_shown([] {}, broken(out_, text));
}

// One write, so that nothing comes between its parts.
void Console::put(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
}

LongWorkWatch::Show shown_on(Console& console) {
  return [&console](const LongWorkState* state) {
    if (state != nullptr)
      console.work(*state);
    else
      console.end_work();
  };
}

}  // namespace dha
