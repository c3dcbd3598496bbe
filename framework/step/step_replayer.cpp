#include "step/step_replayer.hpp"

#include <fmt/format.h>

#include <bit>
#include <exception>

#include "device/memory.hpp"
#include "dha/error.hpp"
#include "dha/replay.hpp"
#include "process/program_name.hpp"

namespace dha {

namespace {

// Steps one by one at the start of an epoch: afterwards what components make when it is first needed is there.
constexpr int64_t kStepsBefore = 2;

// The minor version of the SDK that appended Replay::revision().
constexpr uint32_t kMinorOfRevision = 1;

template <class Guarded>
const Replay* replay_of(Guarded& component) {
  return static_cast<const Replay*>(component.capability(Replay::kCapability));
}

template <class Guarded>
bool is_replayable(Guarded& component) {
  const Replay* replay = replay_of(component);
  return replay != nullptr && component.call("replayable", [&](const auto&) { return replay->replayable(); });
}

template <class Guarded>
std::optional<int64_t> revision_of(Guarded& component) {
  const Replay* replay = replay_of(component);
  if (replay == nullptr || component.sdk_minor() < kMinorOfRevision) return std::nullopt;
  return component.call("revision", [&](const auto&) { return replay->revision(); });
}

bool same_shape(const Batch& a, const Batch& b) {
  return a.images.sizes() == b.images.sizes() && a.labels.sizes() == b.labels.sizes();
}

Batch copy_of(const Batch& batch) { return {batch.images.clone(), batch.labels.clone()}; }

void copy_into(Batch& target, const Batch& source) {
  target.images.copy_(source.images);
  target.labels.copy_(source.labels);
}

int64_t reserved_bytes(at::Device device) {
  const std::optional<DeviceMemory> memory = device_memory(device);
  return memory ? memory->reserved : 0;
}

// LibTorch's messages go on with a trace of calls.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

StepReplayer::StepReplayer(JointStep& step, const StageParts& parts, bool enabled, Log& log)
    : step_(step), parts_(parts), log_(log), enabled_(enabled) {}

void StepReplayer::begin_epoch() {
  steps_ = 0;
  if (!enabled_) return;
  const std::string obstacle = this->obstacle();
  recordable_ = obstacle.empty();
  if (!recordable_ || !is_up_to_date() || !leaves_room()) {
    graph_.reset();
    report_ = {};
    metrics_.clear();
    input_ = {};
  }
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

// What a recorded step depends on besides the memory that it reads. Nothing if a component does not know.
std::optional<std::vector<int64_t>> StepReplayer::revisions() const {
  std::vector<int64_t> all{std::bit_cast<int64_t>(parts_.training_mode().drop_path)};
  bool are_known = true;
  const auto add = [&](auto& component) {
    const std::optional<int64_t> revision = are_known ? revision_of(component) : std::nullopt;
    are_known = revision.has_value();
    all.push_back(revision.value_or(0));
  };
  for (const auto& augmenter : parts_.augmenters()) add(*augmenter);
  add(parts_.hyper());
  if (parts_.searches()) add(parts_.searcher());
  add(parts_.space());
  return are_known ? std::optional(all) : std::nullopt;
}

bool StepReplayer::is_up_to_date() const {
  return graph_ != nullptr && recorded_revisions_ && revisions() == recorded_revisions_;
}

// Single steps take as much memory again as the recording holds, which they cannot use.
bool StepReplayer::leaves_room() const {
  const at::Device device = input_.batch.images.device();
  release_cached_memory(device);
  const std::optional<DeviceMemory> memory = device_memory(device);
  return !memory || memory->free >= recorded_bytes_;
}

bool StepReplayer::is_due() const { return recordable_ && graph_ == nullptr && steps_ >= kStepsBefore; }

StepReport StepReplayer::run(const StepInput& input, const Progress& progress) {
  if (is_due()) record(input, progress);
  if (graph_ != nullptr && steps_ >= kStepsBefore && fits(input)) return replay(input);
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
  recorded_revisions_ = revisions();
  const Metrics before = take_metrics();
  const at::Device device = input.batch.images.device();
  release_cached_memory(device);
  const int64_t reserved = reserved_bytes(device);
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
  recorded_bytes_ = reserved_bytes(device) - reserved;
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
