// Where time and memory went.
#include <fmt/format.h>

#include <algorithm>

#include "page/html.hpp"
#include "page/sections.hpp"
#include "report/console.hpp"

namespace dha::page {

namespace {

struct StageTime {
  const StageRecord* stage = nullptr;
  double seconds = 0;
};

// Of a stage that is not over, up to its newest row.
std::vector<StageTime> times_of(const RunRecord& record) {
  std::vector<StageTime> times;
  for (const StageRecord& stage : record.stages) {
    double seconds = stage.seconds;
    for (const auto* rows : {&record.epochs, &record.steps})
      for (const MetricRow& row : *rows)
        if (!stage.is_over && row.stage == stage.name) seconds = std::max(seconds, value_of(row, "time_s"));
    if (seconds > 0) times.push_back({&stage, seconds});
  }
  return times;
}

std::string row_of(const StageTime& time, double longest, double all) {
  const StageRecord& stage = *time.stage;
  return fmt::format(
      "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"bars\"><span style=\"width:{:.1f}%\">"
      "</span></td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
      escaped(stage.name), stage.is_over ? whole(stage.epochs) : "", format_duration(time.seconds),
      100 * time.seconds / longest, percent(time.seconds / all, 0),
      stage.images_per_second > 0 ? whole(static_cast<int64_t>(stage.images_per_second + 0.5)) : "");
}

}  // namespace

Section resources_section(const RunRecord& record) {
  const std::vector<StageTime> times = times_of(record);
  double longest = 0, all = 0;
  for (const StageTime& time : times) {
    longest = std::max(longest, time.seconds);
    all += time.seconds;
  }
  std::string html;
  if (!times.empty()) {
    html =
        "<div class=\"wide\"><table>\n<thead><tr><th>stage</th><th class=\"n\">epochs</th><th class=\"n\">time</th>"
        "<th></th><th class=\"n\">share</th><th class=\"n\">images/s</th></tr></thead>\n<tbody>\n";
    for (const StageTime& time : times) html += row_of(time, longest, all);
    html += "</tbody></table></div>\n";
  }
  if (record.peak_memory_bytes)
    html += fmt::format("<p>At its peak the process held {:.0f} MiB of memory.</p>\n",
                        *record.peak_memory_bytes / (1 << 20));
  if (record.unreadable_images.value_or(0) > 0)
    html += fmt::format(
        "<p class=\"warning\">{:.0f} images could not be read and were left out; "
        "<code>log.txt</code> names them.</p>\n",
        *record.unreadable_images);
  return {"resources", "Time and memory", html};
}

}  // namespace dha::page
