#include "report/console.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "report/printable.hpp"

namespace dha {

namespace {

constexpr double kSecondsBetweenDrawings = 0.1;
constexpr double kSecondsBetweenLines = 30;
constexpr size_t kNarrowestTerminal = 40;
constexpr const char* kClearLine = "\r\x1b[K";

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

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
      is_utf8_(environment_is_utf8()) {}

Console::~Console() { end_progress(); }

void Console::progress(const ProgressLine& line) {
  if (mode_ == Mode::kQuiet) return;
  const std::lock_guard lock(mutex_);
  const double now = now_();
  const bool is_end = line.done >= line.total;
  const bool is_first = !std::exchange(epoch_open_, !is_end);
  if (is_first && is_end && line.stage == last_text_ && !is_terminal_) return;  // the end of an epoch, told again
  if (is_terminal_) {
    if (!is_end && bar_shown_ && now - last_drawn_ < kSecondsBetweenDrawings) return;
    // The last column stays free: a full line makes some terminals wrap. A window may have shrunk or may not tell.
    const size_t columns = std::max<size_t>(terminal_columns(out_), 2);
    last_text_ = format_bar(line, columns - 1, is_utf8_);
    put(kClearLine + last_text_);
    bar_shown_ = true;
  } else {
    if (is_first && !is_end) last_drawn_ = now;
    if (!is_end && now - last_drawn_ < kSecondsBetweenLines) return;
    if (is_end) last_text_ = line.stage;
    put(format_progress(line) + '\n');
  }
  last_drawn_ = now;
}

void Console::end_progress() {
  const std::lock_guard lock(mutex_);
  if (bar_shown_) put("\n");
  bar_shown_ = epoch_open_ = false;
}

void Console::line(const std::string& text) {
  if (mode_ != Mode::kQuiet) write_above_bar(printable(text));
}

void Console::warning(const std::string& text) { write_above_bar("warning: " + printable(text)); }

void Console::write_above_bar(const std::string& text) {
  const std::lock_guard lock(mutex_);
  put(bar_shown_ ? kClearLine + text + '\n' + last_text_ : text + '\n');
}

// One write, so that nothing comes between its parts.
void Console::put(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
}

}  // namespace dha
