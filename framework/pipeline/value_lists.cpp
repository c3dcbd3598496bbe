#include "pipeline/value_lists.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>

#include "dha/error.hpp"

namespace dha {

namespace {

constexpr size_t kMostSeeds = 10'000;

Error refused(const std::string& text, const std::string& reason) {
  return {ErrorCode::kUsage, fmt::format("--set {}: {}", text, reason)};
}

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// The parts between commas outside of brackets and strings; nothing if these do not match.
std::optional<std::vector<std::string>> split(const std::string& text) {
  std::vector<std::string> parts(1);
  std::string open;  // the closing brackets that are to come, innermost last
  bool in_string = false, escapes = false;
  for (const char c : text) {
    if (c == ',' && !in_string && open.empty()) {
      parts.emplace_back();
      continue;
    }
    parts.back() += c;
    if (in_string) {
      in_string = escapes || c != '"';
      escapes = !escapes && c == '\\';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      open += c == '[' ? ']' : '}';
    } else if (c == ']' || c == '}') {
      if (open.empty() || open.back() != c) return std::nullopt;
      open.pop_back();
    }
  }
  if (in_string || !open.empty()) return std::nullopt;
  return parts;
}

bool is_json(const std::string& text) { return nlohmann::json::accept(text); }

bool is_word(const std::string& text) {
  constexpr std::string_view kSigns = "_./:+-~@";
  return std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return std::isalnum(c) != 0 || c >= 0x80 || kSigns.find(static_cast<char>(c)) != kSigns.npos;
  });
}

void check_part(const std::string& text, const std::string& part) {
  if (part.empty()) throw refused(text, "a value is empty; leave out the comma, or write \"\" for an empty text");
  if (is_json(part) || is_word(part)) return;
  throw refused(text, fmt::format("the value '{}' of a list is neither JSON nor a plain word; write a text with other "
                                  "signs as JSON, in quotation marks: '\"…\"'",
                                  part));
}

uint64_t parse_seed(const std::string& text, const std::string& part) {
  uint64_t seed = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), seed);
  if (part.empty() || error != std::errc() || end != part.data() + part.size() ||
      seed > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    throw Error(ErrorCode::kUsage,
                fmt::format("--seeds {}: '{}' is no seed; expected seeds such as 1..5 or 1,3,7", text, part));
  return seed;
}

void add_range(const std::string& text, const std::string& part, std::vector<uint64_t>& seeds) {
  const size_t dots = part.find("..");
  const uint64_t first = parse_seed(text, part.substr(0, dots));
  const uint64_t last = dots == part.npos ? first : parse_seed(text, part.substr(dots + 2));
  if (last < first)
    throw Error(ErrorCode::kUsage, fmt::format("--seeds {}: the range '{}' ends before it begins", text, part));
  if (last - first >= kMostSeeds - std::min(kMostSeeds, seeds.size()))
    throw Error(ErrorCode::kUsage, fmt::format("--seeds {}: more than {} seeds", text, kMostSeeds));
  for (uint64_t seed = first; seed <= last; ++seed) seeds.push_back(seed);
}

}  // namespace

SweptSetting parse_swept_setting(const std::string& text) {
  const size_t sign = text.find('=');
  if (sign == text.npos || sign == 0)
    throw refused(text, "it has no values; expected --set PATH=V1,V2, such as stages.0.epochs=3,5");
  SweptSetting setting{text.substr(0, sign), {}};
  const std::string list = text.substr(sign + 1);
  const auto parts = split(list);
  if (!parts) throw refused(text, "brackets or quotation marks do not match; values are JSON or plain words");
  if (parts->size() == 1) {
    setting.values = {list};
    return setting;
  }
  for (const std::string& part : *parts) {
    setting.values.push_back(trimmed(part));
    check_part(text, setting.values.back());
  }
  if (std::set(setting.values.begin(), setting.values.end()).size() < setting.values.size())
    throw refused(text, "a value comes twice; give each once");
  return setting;
}

std::vector<uint64_t> parse_seeds(const std::string& text) {
  std::vector<uint64_t> seeds;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    add_range(text, text.substr(begin, end - begin), seeds);
    begin = end + 1;
  }
  if (std::set(seeds.begin(), seeds.end()).size() < seeds.size())
    throw Error(ErrorCode::kUsage, fmt::format("--seeds {}: a seed comes twice; give each once", text));
  return seeds;
}

}  // namespace dha
