#include "page/axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace dha::page {

namespace {

// The smallest of 1, 2 and 5 times a power of ten that is at least `distance`.
double nice_distance(double distance) {
  const double power = std::pow(10, std::floor(std::log10(distance)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (distance <= factor * power * (1 + 1e-9)) return factor * power;
  return 10 * power;
}

std::vector<double> multiples(double low, double high, double distance) {
  std::vector<double> ticks;
  const double slack = 1e-9 * distance;
  for (double index = std::ceil((low - slack) / distance); index * distance <= high + slack; ++index)
    ticks.push_back(index * distance + 0.0);  // not -0
  return ticks;
}

std::string grouped(double value) {
  std::string digits = fmt::format("{:.0f}", std::fabs(value));
  for (auto at = static_cast<ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return (value < 0 ? "-" : "") + digits;
}

// "1e-5", "2e+7" as "2e7".
std::string exponential(double value) {
  std::string text = fmt::format("{:.3g}", value);
  const size_t exponent = text.find('e');
  if (exponent == text.npos) text = fmt::format("{:.2e}", value);
  const size_t at = text.find('e');
  std::string mantissa = text.substr(0, at);
  while (mantissa.find('.') != mantissa.npos && (mantissa.back() == '0' || mantissa.back() == '.')) {
    const bool is_point = mantissa.back() == '.';
    mantissa.pop_back();
    if (is_point) break;
  }
  return fmt::format("{}e{}", mantissa, std::stoi(text.substr(at + 1)));
}

}  // namespace

std::vector<double> nice_ticks(double low, double high, int most, double smallest) {
  if (!(low < high)) return {low};
  double distance = std::max(smallest, nice_distance((high - low) / std::max(1, most - 1)));
  std::vector<double> ticks = multiples(low, high, distance);
  while (static_cast<int>(ticks.size()) > most) ticks = multiples(low, high, distance = nice_distance(1.5 * distance));
  while (ticks.size() < 2 && distance > smallest)
    ticks = multiples(low, high, distance = nice_distance(distance / 2.6));
  return ticks;
}

std::vector<double> logarithmic_ticks(double low, double high, int most) {
  const auto times = [&](std::initializer_list<double> factors) {
    std::vector<double> ticks;
    for (double exponent = std::floor(std::log10(low)); exponent <= std::ceil(std::log10(high)); ++exponent)
      for (const double factor : factors)
        if (const double tick = factor * std::pow(10, exponent); tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9))
          ticks.push_back(tick);
    return ticks;
  };
  std::vector<double> ticks = times({1});
  if (ticks.size() < 3) ticks = times({1, 2, 5});
  if (ticks.size() < 2) return nice_ticks(low, high, most);
  const size_t keep_each = (ticks.size() + static_cast<size_t>(most) - 1) / static_cast<size_t>(most);
  std::vector<double> kept;
  for (size_t i = 0; i < ticks.size(); i += keep_each) kept.push_back(ticks[i]);
  return kept;
}

std::string tick_label(double value, double distance) {
  const double magnitude = std::fabs(value);
  if (magnitude == 0) return "0";
  if (magnitude < 1e-3 || magnitude >= 1e12) return exponential(value);
  for (const auto& [unit, letter] : {std::pair{1e9, "G"}, std::pair{1e6, "M"}})
    if (magnitude >= unit) return fmt::format("{:.4g}{}", value / unit, letter);
  if (distance >= 1) return grouped(value);
  const int digits = std::clamp(static_cast<int>(std::ceil(-std::log10(distance) - 1e-9)), 0, 5);
  return fmt::format("{:.{}f}", value, digits);
}

Axis::Axis(double low, double high, double begin, double end, bool is_logarithmic)
    : low_(low), high_(high), begin_(begin), end_(end), is_logarithmic_(is_logarithmic) {}

double Axis::scaled(double value) const { return is_logarithmic_ ? std::log10(value) : value; }

double Axis::position(double value) const {
  if (!(low_ < high_)) return (begin_ + end_) / 2;
  return begin_ + (scaled(value) - scaled(low_)) / (scaled(high_) - scaled(low_)) * (end_ - begin_);
}

bool Axis::contains(double value) const { return value >= low_ && value <= high_; }

std::vector<Axis::Tick> Axis::ticks(int most) const {
  const std::vector<double> values =
      is_logarithmic_ && low_ < high_ ? logarithmic_ticks(low_, high_, most) : nice_ticks(low_, high_, most, smallest_);
  std::vector<Tick> ticks;
  for (const double value : values) {
    const double distance = is_logarithmic_ || values.size() < 2 ? std::fabs(value) : values[1] - values[0];
    ticks.push_back({position(value), tick_label(value, distance)});
  }
  return most > 2 && read_alike(ticks) ? this->ticks(most - 1) : ticks;
}

bool read_alike(const std::vector<Axis::Tick>& ticks) {
  const auto have_same = [](const Axis::Tick& a, const Axis::Tick& b) { return a.label == b.label; };
  return std::adjacent_find(ticks.begin(), ticks.end(), have_same) != ticks.end();
}

std::string rules_of(const Axis& axis, int most, double left, double right) {
  std::string svg;
  for (const Axis::Tick& tick : axis.ticks(most))
    svg += fmt::format(
        "<line class=\"rule\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/><text class=\"e\" x=\"{}\" "
        "y=\"{:.1f}\">{}</text>\n",
        left, right, tick.position, tick.position, left - 5, tick.position + 3.8, tick.label);
  return svg;
}

}  // namespace dha::page
