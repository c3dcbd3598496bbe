// The interface of augmenters: uint8 batch in, uint8 batch out, with separate operations for each sample.
//
// A stage has a chain of augmenters. The host calls apply() for the batch of a step, keeps the returned record, and
// passes it to learn() with the losses of that batch, so that a batch can be prepared before its step. An augmenter
// that learns nothing overrides apply() only.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "dha/component.hpp"
#include "dha/dataset.hpp"
#include "dha/stage.hpp"

namespace dha {

struct Augmented {
  at::Tensor images;  // uint8 (N, channels, height, width), contiguous, on the device of the input
  at::Tensor labels;  // int64 (N), or probabilities float (N, classes) if labels are mixed
  // What learn() needs from this call, one row per sample (for tau the pair of each sample, int64 (N)); may be
  // undefined. If several processes train one network, the host concatenates their records before learn().
  at::Tensor record;
};

class DHA_API Augmenter : public Component {
 public:
  using Interface = Augmenter;
  static constexpr const char* kKind = "augmenter";

  Augmenter();
  ~Augmenter() override;

  // Called once, before the first apply(). `stage` outlives the augmenter.
  virtual void prepare(const Stage& stage);

  // Called before the first step of each epoch.
  virtual void begin_epoch(const Progress& progress);

  // Augments a batch. Does not modify the input; the result may share its memory if nothing changed.
  // images: uint8 (N, channels, height, width), contiguous; labels as in Augmented. N may be 0.
  // Draws only from the context's generators. Makes no host-device synchronisation.
  virtual Augmented apply(const at::Tensor& images, const at::Tensor& labels) = 0;

  // Learns from the losses ((N), detached; double under precision fp64, else float) of the batch that `record` belongs
  // to, of all processes. Requires no gradient of the network.
  virtual void learn(const at::Tensor& record, const at::Tensor& losses);

  // Called after each epoch, for augmenters that learn from the result of an epoch.
  virtual void end_epoch(const EpochOutcome& outcome);

  // The learned policy, a JSON object for the run's policy.json. Empty by default.
  virtual std::string policy() const;
};

}  // namespace dha
