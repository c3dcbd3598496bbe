#include "idx/idx_name.hpp"

#include <algorithm>
#include <cctype>
#include <regex>

namespace dha::datasets {

namespace {

Split split_of(const std::string& part) {
  if (part == "train") return Split::kTrain;
  return part.starts_with("val") ? Split::kValidation : Split::kTest;
}

}  // namespace

std::optional<IdxName> parse_idx_name(std::string_view name) {
  static const std::regex pattern(
      "(?:(.+)[-_.])?(train|t10k|test|val|valid|validation)[-_.]"
      "(?:(images)([-_.])idx3[-_.]ubyte|labels([-_.])idx(?:1[-_.]ubyte|(2)[-_.]int))([.]gz)?",
      std::regex::icase | std::regex::optimize);
  // Most names are others; the search costs more than this look.
  if (lower_case(std::string(name)).find("idx") == std::string::npos) return std::nullopt;
  std::match_results<std::string_view::const_iterator> match;
  if (!std::regex_match(name.begin(), name.end(), match, pattern)) return std::nullopt;
  const std::string part = lower_case(match[2]);
  const bool images = match[3].matched;
  return IdxName{match[1],
                 part,
                 split_of(part),
                 images ? IdxContent::kImages : IdxContent::kLabels,
                 images ? 3 : (match[6].matched ? 2 : 1),
                 match[7].matched,
                 match[images ? 4 : 5] == "."};
}

std::string usual_idx_name(const std::string& prefix, const std::string& part, IdxContent content) {
  return (prefix.empty() ? "" : prefix + "-") + part +
         (content == IdxContent::kImages ? "-images-idx3-ubyte" : "-labels-idx1-ubyte");
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace dha::datasets
