#include "report/progress_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "report/console.hpp"
#include "report/printable.hpp"

namespace dha {

namespace {

constexpr size_t kShortestBar = 8, kLongestBar = 40;
constexpr size_t kGap = 2;
constexpr size_t kWholeTitle = 24;  // columns that a title keeps, whatever else there is

// One of the texts of a line.
struct Piece {
  std::string full, brief;
  int importance = 0;
  bool is_brief = false, is_shown = true;

  const std::string& text() const { return is_brief ? brief : full; }
};

double fraction_of(int64_t done, int64_t total) {
  return total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0) : 1.0;
}

std::string percentage(double fraction) { return fmt::format("{:3.0f}%", std::floor(100 * fraction)); }

// "12m" for "12m 05s".
std::string brief_duration(double seconds) {
  const std::string text = format_duration(seconds);
  return text.substr(0, text.find(' '));
}

class Pieces {
 public:
  explicit Pieces(const std::string& title) : title_(printable_line(title)) {}

  // Those that are more important stay longer.
  void add(int importance, std::string full, std::string brief) {
    pieces_.push_back({std::move(full), std::move(brief), importance});
  }
  void add(int importance, const std::string& text) { add(importance, text, text); }

  void add_percent(int importance, double fraction) { add(importance, percentage(fraction)); }

  void add_accuracy(int importance, const char* name, double accuracy) {
    if (std::isfinite(accuracy)) add(importance, fmt::format("{} {:.1f}%", name, 100 * accuracy));
  }

  void add_loss(int importance, double loss) {
    if (std::isfinite(loss)) add(importance, fmt::format("loss {:.4g}", loss));
  }

  void add_best(int importance, const ProgressLine& line) {
    if (!std::isfinite(line.best)) return;
    const std::string best = fmt::format("best {:.1f}% (", 100 * line.best);
    add(importance, fmt::format("{}{} {})", best, line.best_unit, line.best_at),
        fmt::format("{}{})", best, line.best_at));
  }

  void add_rate(int importance, double rate) {
    if (!std::isfinite(rate) || rate <= 0) return;
    const std::string number = fmt::format("{:.{}f}", rate, rate < 10 ? 1 : 0);
    add(importance, number + " img/s", number + "/s");
  }

  // Nothing is left at the end of a run.
  void add_left(int importance, double seconds) {
    if (!std::isfinite(seconds) || seconds <= 0) return;
    add(importance, format_duration(seconds) + " left", brief_duration(seconds) + " left");
  }

  // `bar`: the fraction that is drawn, if any is.
  std::string fitted(size_t columns, std::optional<double> bar, bool is_utf8) {
    shorten(columns);
    std::string text(title_);
    const size_t used = width();
    if (bar && used + kGap + kShortestBar <= columns)
      text += "  " + drawn_bar(*bar, std::min(kLongestBar, columns - used - kGap), is_utf8);
    for (const Piece& piece : pieces_)
      if (piece.is_shown) text += "  " + piece.text();
    return std::string(first_columns(text, columns));
  }

 private:
  static std::string drawn_bar(double fraction, size_t columns, bool is_utf8);

  size_t width() const {
    size_t columns = columns_of(title_);
    for (const Piece& piece : pieces_)
      if (piece.is_shown) columns += kGap + columns_of(piece.text());
    return columns;
  }

  // From the least important piece on: brief, then gone. Then those that matter most take the room that is left. A long
  // title gives way to the pieces before that.
  void shorten(size_t columns) {
    std::vector<Piece*> order;
    for (Piece& piece : pieces_) order.push_back(&piece);
    std::stable_sort(order.begin(), order.end(),
                     [](const Piece* a, const Piece* b) { return a->importance < b->importance; });
    const auto give_up = [&](bool Piece::*what, bool value) {
      for (Piece* piece : order)
        if (width() > columns) piece->*what = value;
    };
    const auto take_back = [&](bool Piece::*what, bool value) {
      for (auto piece = order.rbegin(); piece != order.rend(); ++piece) {
        const bool before = std::exchange((*piece)->*what, value);
        if (width() > columns) (*piece)->*what = before;
      }
    };
    give_up(&Piece::is_brief, true);
    if (width() > columns) {
      const size_t too_many = width() - columns, title = columns_of(title_);
      title_ =
          std::string(first_columns(title_, std::max({columns / 2, kWholeTitle, title - std::min(title, too_many)})));
    }
    give_up(&Piece::is_shown, false);
    take_back(&Piece::is_shown, true);
    take_back(&Piece::is_brief, false);
  }

  std::string title_;
  std::vector<Piece> pieces_;
};

std::string repeated(std::string_view piece, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += piece;
  return text;
}

std::string Pieces::drawn_bar(double fraction, size_t columns, bool is_utf8) {
  if (!is_utf8) {
    const auto full = static_cast<size_t>(fraction * static_cast<double>(columns - 2));
    return "[" + std::string(full, '=') + std::string(columns - 2 - full, ' ') + "]";
  }
  const auto halves = static_cast<size_t>(fraction * 2 * static_cast<double>(columns));
  std::string bar = repeated("\u2501", halves / 2);
  if (halves % 2 == 1) bar += "\u2578";
  return bar + repeated("\u2500", columns - (halves + 1) / 2);
}

std::string joined(const std::string& title, const std::vector<std::string>& parts) {
  std::string text = printable_line(title);
  for (size_t i = 0; i < parts.size(); ++i) text += (i == 0 ? ": " : ", ") + parts[i];
  return text;
}

void add_accuracy(std::vector<std::string>& parts, const char* name, double accuracy) {
  if (std::isfinite(accuracy)) parts.push_back(fmt::format("{} {:.1f}%", name, 100 * accuracy));
}

void add_training(std::vector<std::string>& parts, const ProgressLine& line) {
  if (std::isfinite(line.loss)) parts.push_back(fmt::format("loss {:.4g}", line.loss));
  add_accuracy(parts, "accuracy", line.accuracy);
}

void add_rest(std::vector<std::string>& parts, const ProgressLine& line) {
  if (std::isfinite(line.best))
    parts.push_back(fmt::format("best validation {:.1f}% ({} {})", 100 * line.best, line.best_unit, line.best_at));
  if (std::isfinite(line.test)) parts.push_back(fmt::format("test {:.2f}%", 100 * line.test));
  if (std::isfinite(line.images_per_second) && line.images_per_second > 0)
    parts.push_back(fmt::format("{:.{}f} images/s", line.images_per_second, line.images_per_second < 10 ? 1 : 0));
  if (std::isfinite(line.seconds_left) && line.seconds_left > 0)
    parts.push_back(format_duration(line.seconds_left) + " left");
}

double seconds_left(const LongWorkState& work) {
  if (work.done <= 0 || work.total <= 0) return ProgressLine::kUnknown;
  return work.seconds * static_cast<double>(work.total - work.done) / static_cast<double>(work.done);
}

}  // namespace

std::string format_bar(const ProgressLine& line, size_t columns, bool is_utf8) {
  const double fraction = fraction_of(line.done, line.total);
  Pieces pieces(line.stage);
  pieces.add_percent(6, fraction);
  if (!line.remark.empty()) pieces.add(4, printable_line(line.remark));
  pieces.add_loss(2, line.loss);
  pieces.add_accuracy(3, "acc", line.accuracy);
  pieces.add_best(4, line);
  pieces.add_rate(1, line.images_per_second);
  pieces.add_left(5, line.seconds_left);
  return pieces.fitted(columns, fraction, is_utf8);
}

std::string format_epoch(const ProgressLine& line, size_t columns) {
  Pieces pieces(line.stage);
  pieces.add_loss(3, line.loss);
  pieces.add_accuracy(4, "acc", line.accuracy);
  pieces.add_accuracy(7, "val", line.validation);
  pieces.add_best(6, line);
  pieces.add_accuracy(5, "test", line.test);
  pieces.add_rate(1, line.images_per_second);
  pieces.add_left(2, line.seconds_left);
  return pieces.fitted(columns, std::nullopt, false);
}

std::string format_work(const LongWorkState& work, size_t columns, bool is_utf8) {
  Pieces pieces(work.name);
  if (work.total <= 0) {
    pieces.add(1, format_duration(work.seconds));
    return pieces.fitted(columns, std::nullopt, is_utf8);
  }
  const double fraction = fraction_of(work.done, work.total);
  pieces.add_percent(3, fraction);
  pieces.add(1, fmt::format("{}/{}", work.done, work.total));
  pieces.add_left(2, seconds_left(work));
  return pieces.fitted(columns, fraction, is_utf8);
}

std::string format_progress(const ProgressLine& line) {
  std::vector<std::string> parts{fmt::format("{}/{} {}", line.done, line.total, line.unit)};
  if (!line.remark.empty()) parts.push_back(printable_line(line.remark));
  add_training(parts, line);
  add_rest(parts, line);
  return joined(line.stage, parts);
}

std::string format_epoch(const ProgressLine& line) {
  std::vector<std::string> parts;
  add_training(parts, line);
  add_accuracy(parts, "validation", line.validation);
  add_rest(parts, line);
  return joined(line.stage, parts);
}

std::string format_work(const LongWorkState& work) {
  if (work.total <= 0) return joined(work.name, {format_duration(work.seconds) + " so far"});
  std::vector<std::string> parts{fmt::format("{}/{}", work.done, work.total)};
  if (const double left = seconds_left(work); std::isfinite(left)) parts.push_back(format_duration(left) + " left");
  return joined(work.name, parts);
}

}  // namespace dha
