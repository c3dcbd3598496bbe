// Runs the joint steps of a stage: one by one, or, on a CUDA device, as a recording.
//
// Components change what they do between epochs only (dha/replay.hpp): support, drop path, learning rates of a
// schedule. Each epoch therefore begins with single steps. It then replays the recording of an earlier epoch if nothing
// has changed since (all components return the revisions of that time, and drop path is the same) and the device has
// room for single steps in addition. Otherwise it records the next step. Images of each batch are copied to the
// recorded batch's memory. A batch of another size is not replayed.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "component/stage_parts.hpp"
#include "device/device_graph.hpp"
#include "report/log.hpp"
#include "step/joint_step.hpp"

namespace dha {

class StepReplayer {
 public:
  // All references outlive the object. `enabled`: whether to record at all.
  StepReplayer(JointStep& step, const StageParts& parts, bool enabled, Log& log);

  // Forgets the recording unless it serves this epoch too. After the components' begin_epoch().
  void begin_epoch();

  // Whether the next step is the first one of this object to be recorded.
  bool is_about_to_record() const { return is_due() && !has_recorded_; }

  // The next step overwrites the report's tensors. Throws Error{kDevice} if a step cannot be recorded: after that, the
  // device's memory and generators are unreliable, and the process must end.
  StepReport run(const StepInput& input, const Progress& progress);

 private:
  using Metrics = std::vector<std::map<std::string, at::Tensor>>;  // of each context

  std::string obstacle() const;
  std::optional<std::vector<int64_t>> revisions() const;
  bool is_up_to_date() const;
  bool leaves_room() const;
  bool is_due() const;
  void record(const StepInput& input, const Progress& progress);
  bool fits(const StepInput& input) const;
  StepReport replay(const StepInput& input);
  Metrics take_metrics() const;
  void put_metrics(const Metrics& metrics) const;

  JointStep& step_;
  const StageParts& parts_;
  Log& log_;
  bool enabled_, announced_ = false, has_recorded_ = false;
  bool recordable_ = false;  // whether this epoch's steps may be recorded
  int64_t steps_ = 0;        // of this epoch, so far
  std::unique_ptr<DeviceGraph> graph_;
  std::optional<std::vector<int64_t>> recorded_revisions_;
  int64_t recorded_bytes_ = 0;  // of device memory that the recording holds
  StepInput input_;             // of the recording
  StepReport report_;
  Metrics metrics_;
};

}  // namespace dha
