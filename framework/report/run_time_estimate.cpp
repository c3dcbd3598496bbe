#include "report/run_time_estimate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "process/steady_seconds.hpp"
#include "process/time_limit.hpp"

namespace dha {

namespace {

constexpr double kHalfLife = 600;  // seconds of work
constexpr double kEvaluationShare = 1.0 / 3;

}  // namespace

void RunTimeEstimate::Cost::add(double more_units, double more_seconds) {
  const double weight = std::exp2(-more_seconds / kHalfLife);
  seconds = seconds * weight + more_seconds;
  units = units * weight + more_units;
}

RunTimeEstimate::RunTimeEstimate(std::vector<StageWork> stages, Limit limit, Clock now)
    : stages_(std::move(stages)),
      limit_(limit ? std::move(limit) : seconds_until_time_is_over),
      now_(now ? std::move(now) : steady_seconds),
      lap_begun_(now_()) {}

void RunTimeEstimate::begin_stage(size_t index) {
  stage_ = index;
  skip();
}

void RunTimeEstimate::skip() { lap_begun_ = now_(); }

void RunTimeEstimate::note_trained(double images) { current().trained.add(images, lap()); }

void RunTimeEstimate::note_evaluated(double images) { current().evaluated.add(images, lap()); }

void RunTimeEstimate::note_epoch_end() { current().epoch_end.add(1, lap()); }

double RunTimeEstimate::lap() {
  const double now = now_();
  return now - std::exchange(lap_begun_, now);
}

RunTimeEstimate::Costs& RunTimeEstimate::current() {
  newest_ = stages_.at(stage_).kind;
  return costs_[newest_];
}

double RunTimeEstimate::seconds_left(const StageWork& left) const {
  StageWork rest = left;
  rest.kind = stages_.at(stage_).kind;
  double seconds = seconds_of(rest);
  for (size_t i = stage_ + 1; i < stages_.size(); ++i) seconds += seconds_of(stages_[i]);
  const std::optional<double> limit = limit_();
  if (!limit) return seconds;
  return std::isfinite(seconds) ? std::min(seconds, *limit) : *limit;
}

// NaN where no cost is known.
double RunTimeEstimate::seconds_of(const StageWork& work) const {
  auto found = costs_.find(work.kind);
  if (found == costs_.end() || !found->second.trained.is_known()) found = costs_.find(newest_);
  if (found == costs_.end() || !found->second.trained.is_known()) return std::numeric_limits<double>::quiet_NaN();
  const auto& [trained, evaluated, epoch_end] = found->second;
  const double per_evaluated = evaluated.is_known() ? evaluated.value() : kEvaluationShare * trained.value();
  return work.trained * trained.value() + work.evaluated * per_evaluated +
         (epoch_end.is_known() ? work.epochs * epoch_end.value() : 0);
}

}  // namespace dha
