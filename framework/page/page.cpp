#include "page/page.hpp"

#include <fmt/format.h>

#include "page/html.hpp"

namespace dha::page {

namespace {

constexpr int kRefreshSeconds = 10;

}  // namespace

std::string page_of(const RunRecord& record, RunState state) {
  Document document;
  document.title = fmt::format("{}, seed {}", record.name, record.seed);
  document.heading = fmt::format("{} <small>seed {}</small>", escaped(record.name), escaped(record.seed));
  document.sections = {result_section(record, state), curves_section(record),       course_section(record),
                       policy_section(record),        architecture_section(record), augmented_section(record),
                       confusion_section(record),     mistakes_section(record),     reliability_section(record),
                       trials_section(record),        resources_section(record),    environment_section(record)};
  if (state == RunState::kRunning) document.refresh_seconds = kRefreshSeconds;
  return html_of(document);
}

}  // namespace dha::page
