#include "pipeline/constraints.hpp"

#include <fmt/format.h>

#include <algorithm>
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

// The full name of the quantity that `name` stands for.
std::string quantity_of(std::string_view term, std::string_view name) {
  const auto is_part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  if (name.empty() || !std::all_of(name.begin(), name.end(), is_part))
    fail(term, "limits '" + std::string(name) + "'; expected the name of a quantity, such as params or multiply_adds");
  if (name == "params") return quantity::kParameters;
  if (name == "madds") return quantity::kMultiplyAdds;
  return std::string(name);
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
    terms_.push_back({std::string(term), quantity_of(term, trimmed(term.substr(0, sign))), term[sign] == '<', is_strict,
                      bound_of(term, trimmed(term.substr(sign + (is_strict ? 1 : 2))))});
  }
}

bool Constraints::Term::holds(double value) const {
  if (!is_strict && value == bound) return true;
  return is_upper ? value < bound : value > bound;
}

double Constraints::value_of(const Term& term, const Quantities& cost) const {
  if (const std::optional<double> value = cost.find(term.quantity)) return *value;
  std::vector<std::string> known;
  for (const Quantity& item : cost) known.push_back(item.name);
  std::string all;
  for (const std::string& name : known) all += (all.empty() ? "" : ", ") + name;
  known.insert(known.end(), {"params", "madds"});
  const std::string near = nearest(term.quantity, known);
  fail(term.text,
       "limits '" + term.quantity + "', which this stage's space does not report; " +
           (near.empty() ? "it reports " + (all.empty() ? "nothing" : all) : "did you mean '" + near + "'?"));
}

void Constraints::check_known(const Quantities& cost) const {
  for (const Term& term : terms_) value_of(term, cost);
}

std::vector<Margin> Constraints::margins(const Quantities& cost) const {
  std::vector<Margin> margins;
  for (const Term& term : terms_) {
    const double value = value_of(term, cost);
    margins.push_back({term.quantity, value, term.bound, term.holds(value)});
  }
  return margins;
}

bool Constraints::allow(const Quantities& cost) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) { return term.holds(value_of(term, cost)); });
}

std::string Constraints::violations(const Quantities& cost) const {
  std::string all;
  for (const Term& term : terms_) {
    const double value = value_of(term, cost);
    if (term.holds(value)) continue;
    const char* relation = term.is_upper    ? (term.is_strict ? "below" : "at most")
                           : term.is_strict ? "above"
                                            : "at least";
    all += fmt::format("{}'{}' ({} must be {} {}, found {})", all.empty() ? "" : ", ", term.text, term.quantity,
                       relation, term.bound, value);
  }
  return all;
}

}  // namespace dha
