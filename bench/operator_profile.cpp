#include "operator_profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>
#include <utility>
#include <vector>

namespace dha::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMostRows = 30;
constexpr const char* kOutside = "-";

struct Cost {
  int64_t calls = 0;
  double milliseconds = 0;
};

using Key = std::pair<std::string, std::string>;  // part, operator

struct Frame : at::ObserverContext {
  Frame* caller = nullptr;
  std::string part, name;
  Clock::time_point begun;
  double in_callees = 0;  // ms
};

// LibTorch's callbacks are plain functions, so what they know is global.
struct Recording {
  std::thread::id thread;
  Frame* innermost = nullptr;
  std::map<Key, Cost> costs;
};

Recording& recording() {
  static Recording only;
  return only;
}

// "SeparableFunction" of "torch::autograd::CppNode<dha::ops::(anonymous namespace)::SeparableFunction>".
std::string readable(std::string name) {
  const size_t node = name.find("CppNode<");
  if (node == std::string::npos) return name;
  name.erase(0, name.rfind("::") + 2);
  if (name.ends_with('>')) name.pop_back();
  return name + " (node)";
}

std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction& function) {
  Recording& all = recording();
  if (std::this_thread::get_id() != all.thread) return nullptr;
  auto frame = std::make_unique<Frame>();
  frame->caller = all.innermost;
  frame->name = readable(function.name());
  frame->part = frame->caller != nullptr                          ? frame->caller->part
                : function.scope() == at::RecordScope::USER_SCOPE ? frame->name
                                                                  : kOutside;
  all.innermost = frame.get();
  frame->begun = Clock::now();
  return frame;
}

void leave(const at::RecordFunction&, at::ObserverContext* context) {
  auto* const frame = static_cast<Frame*>(context);
  if (frame == nullptr) return;
  const double milliseconds = std::chrono::duration<double, std::milli>(Clock::now() - frame->begun).count();
  Recording& all = recording();
  Cost& cost = all.costs[{frame->part, frame->name}];
  ++cost.calls;
  cost.milliseconds += milliseconds - frame->in_callees;
  all.innermost = frame->caller;
  if (frame->caller != nullptr) frame->caller->in_callees += milliseconds;
}

std::string row(const Key& key, const Cost& cost, int steps, double milliseconds) {
  const std::string name = key.first == key.second ? "(outside of operators)" : key.second;
  return fmt::format("{:24} {:58} {:7.1f} {:9.2f} ms {:6.1f} %\n", key.first, name,
                     static_cast<double>(cost.calls) / steps, cost.milliseconds / steps,
                     100 * cost.milliseconds / milliseconds);
}

std::string totals_of_parts(int steps, double milliseconds) {
  std::map<std::string, double> parts;
  double outside = milliseconds;
  for (const auto& [key, cost] : recording().costs) {
    parts[key.first] += cost.milliseconds;
    outside -= cost.milliseconds;
  }
  parts[kOutside] += outside;
  std::vector<std::pair<double, std::string>> ordered;
  for (const auto& [part, own] : parts) ordered.emplace_back(own, part);
  std::sort(ordered.rbegin(), ordered.rend());
  std::string text;
  for (const auto& [own, part] : ordered)
    text += fmt::format("{:24} {:66} {:9.2f} ms {:6.1f} %\n", part, "", own / steps, 100 * own / milliseconds);
  return text;
}

}  // namespace

OperatorProfile::OperatorProfile() {
  recording() = {std::this_thread::get_id(), nullptr, {}};
  handle_ = at::addGlobalCallback(at::RecordFunctionCallback(enter, leave));
}

OperatorProfile::~OperatorProfile() { at::removeCallback(handle_); }

std::string OperatorProfile::table(int steps, double milliseconds) const {
  std::vector<std::pair<Key, Cost>> rows(recording().costs.begin(), recording().costs.end());
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.second.milliseconds > b.second.milliseconds; });
  std::string text =
      fmt::format("{:24} {:58} {:>7} {:>9}    {:>8}\n", "part of the step", "operator", "calls", "a step", "share");
  Cost others;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i < kMostRows) {
      text += row(rows[i].first, rows[i].second, steps, milliseconds);
      continue;
    }
    others.calls += rows[i].second.calls;
    others.milliseconds += rows[i].second.milliseconds;
  }
  text +=
      row({"", fmt::format("{} others", rows.size() - std::min(rows.size(), kMostRows))}, others, steps, milliseconds);
  return text + "\n" + totals_of_parts(steps, milliseconds);
}

}  // namespace dha::bench
