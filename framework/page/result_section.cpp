// The result in one sentence, or how far the run got.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "page/html.hpp"
#include "page/sections.hpp"
#include "page/statistics.hpp"
#include "report/console.hpp"

namespace dha::page {

namespace {

std::string title_of(const RunRecord& record) {
  const std::filesystem::path path = record.dataset_path;
  const std::string folder = (path.has_filename() ? path : path.parent_path()).filename().string();
  return folder.empty() ? record.dataset_id : fmt::format("{} ({})", folder, record.dataset_id);
}

const StageRecord* last_over(const RunRecord& record) {
  const StageRecord* last = nullptr;
  for (const StageRecord& stage : record.stages)
    if (stage.is_over) last = &stage;
  return last;
}

std::string accuracy_in_words(const RunRecord& record, const StageRecord& stage) {
  const char* split = stage.test ? "test" : "validation";
  const std::optional<Measured>& measured = stage.test ? stage.test : stage.validation;
  if (!measured)
    return fmt::format("The network was trained on <b>{}</b>, which has no test images", escaped(title_of(record)));
  const Interval interval =
      wilson_interval(std::llround(measured->accuracy * static_cast<double>(measured->images)), measured->images);
  return fmt::format(
      "On <b>{}</b> the network classifies <b class=\"key\">{}</b> of {} {} images correctly (95 % interval {:.2f} to "
      "{:.2f} %)",
      escaped(title_of(record)), percent(measured->accuracy, 2), whole(measured->images), split, 100 * interval.low,
      100 * interval.high);
}

std::string costs_in_words(const RunRecord& record) {
  std::string text;
  for (const auto& [name, value] : record.costs) {
    if (name == "parameters") text += fmt::format("{}{} parameters", text.empty() ? "" : " and ", amount(value));
    if (name == "multiply_adds")
      text += fmt::format("{}{} multiply-adds per image", text.empty() ? "" : " and ", amount(value));
  }
  return text.empty() ? "" : " with " + text;
}

std::string times_in_words(const RunRecord& record) {
  std::string text;
  for (const StageRecord& stage : record.stages)
    if (stage.is_over)
      text += fmt::format("{}{} for stage {}", text.empty() ? "" : ", ", format_duration(stage.seconds),
                          escaped(stage.name));
  return text;
}

std::string sentence(const RunRecord& record, const StageRecord& last) {
  return fmt::format("<p class=\"lead\">{}{}. It took {}, with seed {}.</p>\n", accuracy_in_words(record, last),
                     costs_in_words(record), times_in_words(record), escaped(record.seed));
}

// "stage train, epoch 3 of 10".
std::string place_of(const RunRecord& record) {
  if (record.epochs.empty() && record.steps.empty()) {
    const StageRecord* last = last_over(record);
    return last == nullptr ? "before its first epoch" : fmt::format("after stage {}", last->name);
  }
  const MetricRow* newest = record.epochs.empty() ? &record.steps.back() : &record.epochs.back();
  const std::string place =
      fmt::format("stage {}, after epoch {}", newest->stage, newest->epoch - (record.epochs.empty() ? 1 : 0));
  const StageRecord* stage = record.stage(newest->stage);
  return stage == nullptr ? place : fmt::format("{} of {}", place, stage->planned_epochs);
}

std::string newest_in_words(const RunRecord& record) {
  if (record.epochs.empty()) return "";
  const MetricRow& newest = record.epochs.back();
  std::string text = fmt::format("training accuracy {}", percent(value_of(newest, "train_accuracy")));
  for (const char* split : {"validation", "test"})
    if (const double accuracy = value_of(newest, std::string(split) + "_accuracy"); std::isfinite(accuracy))
      text += fmt::format(", {} accuracy {}", split, percent(accuracy, 2));
  return fmt::format(" Its newest epoch: {}.", text);
}

}  // namespace

double value_of(const MetricRow& row, const std::string& name) {
  const auto found = row.values.find(name);
  return found == row.values.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

Section result_section(const RunRecord& record, RunState state) {
  std::string html;
  if (state != RunState::kFinished)
    html += fmt::format("<p class=\"state\">{} ({}).{}</p>\n",
                        state == RunState::kRunning ? "The run goes on" : "The run has not finished",
                        escaped(place_of(record)), newest_in_words(record));
  if (const StageRecord* last = last_over(record); last != nullptr) html += sentence(record, *last);
  html += state == RunState::kInterrupted
              ? "<p>Continue it with <code>dha resume .</code> in the folder of the run.</p>\n"
              : "<p>Repeat it with <code>dha run pipeline.json</code> in the folder of the run.</p>\n";
  return {"result", "Result", html};
}

}  // namespace dha::page
