#include "report/metric_rows.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "storage/atomic_file.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::string_view kBegin = R"({"event":")";

// Tells the event without parsing the line: most rows are of steps, and few readers need them.
bool is_of(std::string_view line, const std::vector<std::string_view>& events) {
  if (!line.starts_with(kBegin)) return false;
  line.remove_prefix(kBegin.size());
  return std::any_of(events.begin(), events.end(), [&](std::string_view event) {
    return line.starts_with(event) && line.substr(event.size()).starts_with('"');
  });
}

}  // namespace

std::vector<Json> metric_rows(const std::filesystem::path& file, const std::vector<std::string_view>& events) {
  std::error_code failure;
  if (!std::filesystem::is_regular_file(file, failure)) return {};
  const std::string text = read_file(file);
  std::vector<Json> rows;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (!is_of(line, events)) continue;
    Json row = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (row.is_object()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace dha
