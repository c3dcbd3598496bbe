#include "compare/comparison_words.hpp"

#include <fmt/format.h>

namespace dha::compare {

std::string percent(const Spread& shares) {
  if (shares.count == 0) return "-";
  if (!shares.deviation) return fmt::format("{:.2f} %", 100 * shares.mean);
  return fmt::format("{:.2f} ± {:.2f} %", 100 * shares.mean, 100 * *shares.deviation);
}

std::string runs_in_words(const GroupRow& row) {
  std::string text = std::to_string(row.runs.size());
  const auto add = [&](int64_t count, const char* what) {
    if (count > 0) text += fmt::format(", {} {}", count, what);
  };
  add(row.unfinished, "unfinished");
  add(row.diverged, "diverged");
  add(row.repeated, "repeated");
  return text;
}

std::string probability(double p) { return p < 0.0001 ? "< 0.0001" : fmt::format("{:.4f}", p); }

std::string points(double difference) { return fmt::format("{:+.2f}", 100 * difference); }

std::string interval_in_points(const TTest& test) {
  return fmt::format("[{}, {}]", points(test.low), points(test.high));
}

}  // namespace dha::compare
