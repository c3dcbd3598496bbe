// An optional ability of components: their part of a step can be recorded once and replayed on the device without the
// host (a CUDA graph), for the rest of the epoch or for as long as nothing changes between epochs.
//
// Obtained by capability("dha.replay/1") of augmenters, hyper-optimizers, searchers, and spaces, which answer for their
// networks. If a component of a stage lacks it, steps run one by one.
#pragma once

#include <cstdint>
#include <optional>

#include "dha/export.hpp"

namespace dha {

class DHA_API Replay {
 public:
  static constexpr const char* kCapability = "dha.replay/1";

  Replay();
  virtual ~Replay();

  // Called at the start of each epoch, after begin_epoch(). True promises for the calls within a step (apply, learn,
  // gates, step, forward, and before_step, which then does nothing) from the third step of the epoch to its last:
  // - they decide nothing on the host, and give operators no number, that differs from step to step;
  // - tensors that outlive a step are changed in place;
  // - draws come from the context's generator() and shared_generator(); nothing is copied between host and device, and
  // nothing waits.
  virtual bool replayable() const = 0;

  // A number that changes if a step of this epoch does something else than a recorded step of an earlier one: other
  // candidates, other host numbers given to operators (a learning rate by epoch), tensors that are no longer the same
  // memory. Called after begin_epoch() and replayable(), at the start of an epoch and before its third step. The host
  // keeps a recording over the start of an epoch if all components return the numbers that they returned when it was
  // made. Nothing (the default) means that something may have changed.
  virtual std::optional<int64_t> revision() const;
};

// For components whose steps can always be replayed and are the same in all epochs (the revision is a constant): the
// return value of capability(Replay::kCapability).
DHA_API Replay* always_replayable();

}  // namespace dha
