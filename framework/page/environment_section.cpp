// Data, versions and machine.
#include <fmt/format.h>

#include "page/html.hpp"
#include "page/sections.hpp"

namespace dha::page {

namespace {

std::string rows_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string html = "<table class=\"facts\">\n<tbody>\n";
  for (const auto& [key, value] : pairs)
    if (!value.empty()) html += fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", escaped(key), escaped(value));
  return html + "</tbody></table>\n";
}

}  // namespace

Section environment_section(const RunRecord& record) {
  std::vector<std::pair<std::string, std::string>> facts{{"data set", record.dataset_id},
                                                         {"path", record.dataset_path}};
  std::string images;
  for (const auto& [split, count] : record.images)
    images += fmt::format("{}{} {}", images.empty() ? "" : ", ", whole(count), split);
  facts.emplace_back("images", images);
  facts.emplace_back("classes", record.class_names.empty() ? "" : std::to_string(record.class_names.size()));
  facts.emplace_back("seed", record.seed);
  facts.emplace_back("precision", record.precision);
  facts.insert(facts.end(), record.environment.begin(), record.environment.end());
  std::string html = rows_of(facts);
  if (!record.plugins.empty()) {
    std::string plugins;
    for (const auto& [name, version] : record.plugins)
      plugins += fmt::format("{}{} {}", plugins.empty() ? "" : ", ", name, version);
    html += fmt::format("<p class=\"note\">Plugins: {}</p>\n", escaped(plugins));
  }
  return {"environment", "Environment", html};
}

}  // namespace dha::page
