#include "page/page.hpp"

#include <fmt/format.h>

#include <vector>

#include "page/embedded_text.hpp"
#include "page/html.hpp"

namespace dha::page {

namespace {

constexpr int kRefreshSeconds = 10;

std::vector<Section> sections_of(const RunRecord& record, RunState state) {
  std::vector<Section> sections{
      result_section(record, state), curves_section(record),    course_section(record),    policy_section(record),
      architecture_section(record),  augmented_section(record), confusion_section(record), mistakes_section(record),
      reliability_section(record),   trials_section(record),    resources_section(record), environment_section(record)};
  std::erase_if(sections, [](const Section& one) { return one.content.empty(); });
  return sections;
}

std::string head_of(const RunRecord& record, RunState state) {
  std::string head =
      "<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n";
  if (state == RunState::kRunning)
    head += fmt::format("<meta http-equiv=\"refresh\" content=\"{}\"/>\n", kRefreshSeconds);
  return head + fmt::format("<title>{}, seed {}</title>\n<style>\n", escaped(record.name), escaped(record.seed)) +
         std::string(style_text()) + "</style>\n</head>\n";
}

std::string navigation_of(const std::vector<Section>& sections) {
  std::string html = "<nav>";
  for (const Section& one : sections) html += fmt::format("<a href=\"#{}\">{}</a>\n", one.id, escaped(one.heading));
  return html + "</nav>\n";
}

}  // namespace

std::string page_of(const RunRecord& record, RunState state) {
  const std::vector<Section> sections = sections_of(record, state);
  std::string html = "<!DOCTYPE html>\n<html lang=\"en\">\n" + head_of(record, state) +
                     fmt::format("<body>\n<header><h1>{} <small>seed {}</small></h1>\n{}</header>\n<main>\n",
                                 escaped(record.name), escaped(record.seed), navigation_of(sections));
  for (const Section& one : sections) html += section(one.id, one.heading, one.content);
  // Comments of JavaScript around the marks of XML: browsers and XML readers both see the script alone.
  return html + "</main>\n<div id=\"hint\"></div>\n<script>//<![CDATA[\n" + std::string(script_text()) +
         "//]]></script>\n</body>\n</html>\n";
}

}  // namespace dha::page
