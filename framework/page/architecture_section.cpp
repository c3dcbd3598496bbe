// The architecture that was found: its drawing, what its cells keep, and the signs of a search that went wrong.
#include <fmt/format.h>

#include <cctype>
#include <cmath>
#include <nlohmann/json.hpp>

#include "page/html.hpp"
#include "page/line_chart.hpp"
#include "page/sections.hpp"
#include "page/timeline.hpp"

namespace dha::page {

using Json = nlohmann::ordered_json;

namespace {

constexpr size_t kLargestDrawing = 300'000;  // bytes
constexpr int64_t kFewestOperations = 4;     // of a cell whose shares say something

// Operations of one part of an architecture.
struct OperationCounts {
  std::string part;
  int64_t skips = 0, pools = 0, all = 0;
};

void count_operation(const std::string& name, OperationCounts& counts) {
  const auto has = [&](const char* part) { return name.find(part) != name.npos; };
  ++counts.all;
  counts.skips += has("skip") || has("identity") || has("none") || has("zero");
  counts.pools += has("pool");
}

// The words of a text, which may name one operation, or all of a cell: "|none~0|nor_conv_1x1~1|".
void count_words(const std::string& text, OperationCounts& counts) {
  std::string word;
  for (const char character : text + ' ') {
    const auto byte = static_cast<unsigned char>(character);
    const bool belongs = std::isalpha(byte) != 0 || (!word.empty() && (std::isdigit(byte) != 0 || byte == '_'));
    if (belongs)
      word += character;
    else if (!word.empty())
      count_operation(std::exchange(word, ""), counts);
  }
}

void count_below(const Json& notation, OperationCounts& counts) {
  if (notation.is_string()) return count_words(notation.get<std::string>(), counts);
  if (!notation.is_structured()) return;
  for (const auto& [key, value] : notation.items()) count_below(value, counts);
}

std::vector<OperationCounts> counts_of(const std::string& architecture) {
  const Json notation = Json::parse(architecture, nullptr, /*allow_exceptions=*/false);
  if (!notation.is_object()) return {};
  std::vector<OperationCounts> parts;
  for (const auto& [key, value] : notation.items()) {
    OperationCounts counts{key};
    count_below(value, counts);
    if (counts.all >= kFewestOperations) parts.push_back(counts);
  }
  return parts;
}

std::string shares_of(const RunRecord& record) {
  Table table({{"part"}, {"operations", true}, {"skip or none", true}, {"pooling", true}});
  std::string collapsed;
  for (const OperationCounts& counts : counts_of(record.architecture)) {
    const auto all = static_cast<double>(counts.all);
    table.add({counts.part, whole(counts.all), percent(static_cast<double>(counts.skips) / all, 0),
               percent(static_cast<double>(counts.pools) / all, 0)});
    if (2 * counts.skips > counts.all) collapsed += (collapsed.empty() ? "" : ", ") + counts.part;
  }
  if (table.empty()) return "";
  std::string html = figure("What the architecture consists of", table.html());
  if (!collapsed.empty())
    html += fmt::format(
        "<p class=\"warning\">More than half of what {} keeps are skip connections or nothing: a sign "
        "that the search has collapsed.</p>\n",
        escaped(collapsed));
  return html;
}

// The drawing as it is, but for its name space, which an SVG within HTML does not need.
std::string drawing_of(const RunRecord& record) {
  std::string svg = record.drawing;
  const bool is_plain = svg.starts_with("<svg") && svg.find("<script") == svg.npos && svg.find("href") == svg.npos;
  if (!is_plain || svg.size() > kLargestDrawing) return "";
  constexpr std::string_view kNameSpace = " xmlns=\"http://www.w3.org/2000/svg\"";
  if (const size_t at = svg.find(kNameSpace); at != svg.npos) svg.erase(at, kNameSpace.size());
  return "<div class=\"wide drawing\">\n" + svg + "</div>\n";
}

std::string changes_of(const RunRecord& record) {
  std::string html;
  for (const StageRecord& stage : record.stages)
    if (stage.choices > 0)
      html += fmt::format("<p>{} of the {} choices of stage {} differ from its start{}.</p>\n", stage.changed_choices,
                          stage.choices, escaped(stage.name),
                          stage.changed_choices == 0 ? ": the search decided as it began" : "");
  return html;
}

std::string health_chart(const RunRecord& record) {
  const Timeline timeline(record);
  LineChart chart;
  chart.title = "Supernet and derived network";
  chart.x_title = "epoch";
  chart.y_title = "share, %";
  chart.is_percent = true;
  chart.series = {timeline.series("same class from both", 0, record.epochs, "supernet_agreement"),
                  timeline.series("supernet accuracy", 1, record.epochs, "supernet_accuracy"),
                  timeline.series("skip or none", 2, record.epochs, "skip_share")};
  chart.spans = timeline.spans();
  return chart.has_points() ? draw(chart) : "";
}

}  // namespace

Section architecture_section(const RunRecord& record) {
  const std::string figures = health_chart(record) + shares_of(record);
  std::string html = changes_of(record) + drawing_of(record);
  if (!figures.empty()) html += "<div class=\"grid\">\n" + figures + "</div>\n";
  return {"architecture", "Architecture", html};
}

}  // namespace dha::page
