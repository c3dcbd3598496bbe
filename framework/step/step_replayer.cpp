#include "step/step_replayer.hpp"

#include <fmt/format.h>

#include <exception>

#include "device/memory.hpp"
#include "dha/error.hpp"
#include "dha/replay.hpp"
#include "process/program_name.hpp"

namespace dha {

namespace {

// Steps one by one at the start of an epoch: afterwards what components make when it is first needed is there.
constexpr int64_t kStepsBefore = 2;

template <class Guarded>
bool is_replayable(Guarded& component) {
  const auto* replay = static_cast<const Replay*>(component.capability(Replay::kCapability));
  return replay != nullptr && component.call("replayable", [&](const auto&) { return replay->replayable(); });
}

bool same_shape(const Batch& a, const Batch& b) {
  return a.images.sizes() == b.images.sizes() && a.labels.sizes() == b.labels.sizes();
}

Batch copy_of(const Batch& batch) { return {batch.images.clone(), batch.labels.clone()}; }

void copy_into(Batch& target, const Batch& source) {
  target.images.copy_(source.images);
  target.labels.copy_(source.labels);
}

// LibTorch's messages go on with a trace of calls.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

StepReplayer::StepReplayer(JointStep& step, const StageParts& parts, bool enabled, Log& log)
    : step_(step), parts_(parts), log_(log), enabled_(enabled) {}

void StepReplayer::begin_epoch() {
  graph_.reset();
  report_ = {};
  metrics_.clear();
  input_ = {};
  steps_ = 0;
  if (!enabled_) return;
  const std::string obstacle = this->obstacle();
  recordable_ = obstacle.empty();
  if (announced_) return;
  announced_ = true;
  log_.write(LogLevel::kInfo, "dha",
             recordable_ ? fmt::format("stage '{}': steps are recorded and replayed", parts_.config().name)
                         : fmt::format("stage '{}': steps run one by one, because {}", parts_.config().name, obstacle));
}

// Why steps cannot be recorded; empty where they can.
std::string StepReplayer::obstacle() const {
  const auto fixed = [](const auto& component) { return component.id() + " cannot be replayed"; };
  for (const auto& augmenter : parts_.augmenters())
    if (!is_replayable(*augmenter)) return fixed(*augmenter);
  if (!is_replayable(parts_.hyper())) return fixed(parts_.hyper());
  if (parts_.searches() && !is_replayable(parts_.searcher())) return fixed(parts_.searcher());
  if (!is_replayable(parts_.space())) return fixed(parts_.space());
  return make_device_graph() == nullptr ? "no library that records steps was opened with the device" : "";
}

bool StepReplayer::is_due() const { return recordable_ && graph_ == nullptr && steps_ >= kStepsBefore; }

StepReport StepReplayer::run(const StepInput& input, const Progress& progress) {
  if (is_due()) record(input, progress);
  if (graph_ != nullptr && fits(input)) return replay(input);
  ++steps_;
  return step_.run(input, progress);
}

void StepReplayer::record(const StepInput& input, const Progress& progress) {
  input_.batch = copy_of(input.batch);
  if (input.probe) input_.probe = copy_of(*input.probe);
  std::vector<at::Generator> generators;
  for (ComponentContext* context : parts_.contexts()) {
    generators.push_back(context->generator());
    generators.push_back(context->shared_generator());
  }
  const Metrics before = take_metrics();
  release_cached_memory(input.batch.images.device());
  std::unique_ptr<DeviceGraph> graph = make_device_graph();
  try {
    graph->begin(generators);
    report_ = step_.run(input_, progress);
    graph->end();
  } catch (const std::exception& failure) {
    try {
      graph->end();                    // so that what is left of the device can still be read
    } catch (const std::exception&) {  // the recording is void in any case
    }
    static_cast<void>(graph.release());  // LibTorch cannot clean up after a recording that failed; the process ends
    throw Error(
        ErrorCode::kDevice,
        fmt::format("stage '{}': a step could not be recorded: {}; continue with: {} resume RUN --set graph=off",
                    parts_.config().name, first_line(failure.what()), program_name()));
  }
  metrics_ = take_metrics();
  graph_ = std::move(graph);
  has_recorded_ = true;
  put_metrics(before);
}

bool StepReplayer::fits(const StepInput& input) const {
  return same_shape(input.batch, input_.batch) && (!input.probe || same_shape(*input.probe, *input_.probe));
}

StepReport StepReplayer::replay(const StepInput& input) {
  copy_into(input_.batch, input.batch);
  if (input.probe) copy_into(*input_.probe, *input.probe);
  graph_->replay();
  put_metrics(metrics_);
  return report_;
}

StepReplayer::Metrics StepReplayer::take_metrics() const {
  Metrics metrics;
  for (ComponentContext* context : parts_.contexts()) metrics.push_back(context->take_metrics());
  return metrics;
}

void StepReplayer::put_metrics(const Metrics& metrics) const {
  const std::vector<ComponentContext*> contexts = parts_.contexts();
  for (size_t i = 0; i < metrics.size(); ++i)
    for (const auto& [name, value] : metrics[i]) contexts[i]->metric(name, value);
}

}  // namespace dha
