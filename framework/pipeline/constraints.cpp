#include "pipeline/constraints.hpp"

#include <cctype>
#include <charconv>
#include <cmath>

#include "dha/error.hpp"
#include "dha/nearest_name.hpp"

namespace dha {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return text;
}

[[noreturn]] void fail(std::string_view term, const std::string& why) {
  throw Error(ErrorCode::kInvalidConfig, "the constraint '" + std::string(term) + "' " + why);
}

bool is_parameters(std::string_view term, std::string_view quantity) {
  if (quantity == "params" || quantity == "parameters") return true;
  if (quantity == "multiply_adds" || quantity == "madds") return false;
  const std::string near = nearest(quantity, {"params", "parameters", "multiply_adds", "madds"});
  fail(term, "limits '" + std::string(quantity) + "', which is no quantity; " +
                 (near.empty() ? "known are params and multiply_adds" : "did you mean '" + near + "'?"));
}

// "3.7M" is 3.7e6.
double bound_of(std::string_view term, std::string_view text) {
  double bound = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), bound);
  const std::string_view suffix = text.substr(static_cast<size_t>(end - text.data()));
  const double factor = suffix.empty() ? 1 : suffix == "K" ? 1e3 : suffix == "M" ? 1e6 : suffix == "G" ? 1e9 : 0;
  if (fault != std::errc() || factor == 0 || !std::isfinite(bound) || bound < 0)
    fail(term, "compares with '" + std::string(text) + "'; expected a number such as 3700000 or 3.7M (K, M or G)");
  // Written in decimal, a bound such as 2.01K is a whole number that the product of doubles may miss.
  const double product = bound * factor;
  return std::fabs(product - std::round(product)) <= 1e-12 * product ? std::round(product) : product;
}

// The parts of `text` between commas and "&&".
std::vector<std::string_view> terms_of(std::string_view text) {
  std::vector<std::string_view> terms;
  size_t begin = 0;
  for (size_t at = 0; at <= text.size(); ++at) {
    const size_t width = at == text.size() || text[at] == ',' ? 1 : text.substr(at, 2) == "&&" ? 2 : 0;
    if (width == 0) continue;
    terms.push_back(trimmed(text.substr(begin, at - begin)));
    begin = at + width;
    at = begin - 1;
  }
  return terms;
}

}  // namespace

Constraints::Constraints(const std::string& text) {
  if (trimmed(text).empty()) return;
  for (const std::string_view term : terms_of(text)) {
    const size_t sign = term.find_first_of("<>");
    if (sign == term.npos) fail(term, "has no comparison; expected one such as 'params < 3.7M'");
    const bool is_strict = term.substr(sign + 1, 1) != "=";
    terms_.push_back({is_parameters(term, trimmed(term.substr(0, sign))), term[sign] == '<', is_strict,
                      bound_of(term, trimmed(term.substr(sign + (is_strict ? 1 : 2))))});
  }
}

bool Constraints::allow(const Cost& cost) const {
  for (const Term& term : terms_) {
    const auto value = static_cast<double>(term.is_parameters ? cost.parameters : cost.multiply_adds);
    const bool is_equal_allowed = !term.is_strict && value == term.bound;
    if (!is_equal_allowed && !(term.is_upper ? value < term.bound : value > term.bound)) return false;
  }
  return true;
}

}  // namespace dha
