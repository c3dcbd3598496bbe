// An optional ability of components: their part of a step can be recorded once per epoch and replayed on the device
// without the host (a CUDA graph).
//
// Obtained by capability("dha.replay/1") of augmenters, hyper-optimizers, searchers, and spaces, which answer for their
// networks. If a component of a stage lacks it, steps run one by one.
#pragma once

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
};

// For components whose steps can always be replayed: the return value of capability(Replay::kCapability).
DHA_API Replay* always_replayable();

}  // namespace dha
