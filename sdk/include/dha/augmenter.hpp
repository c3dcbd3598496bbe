// The interface of augmenters: uint8 batch in, uint8 batch out, each sample with operations of its own.
//
// A stage has a chain of them. The host calls apply() for the batch of a step, keeps the record that comes back, and
// hands it to learn() with the losses of that batch, so that a batch may be prepared ahead of its step. An augmenter
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
  at::Tensor labels;  // int64 (N), or probabilities float (N, classes) where labels are mixed
  // What learn() needs to know of this call, one row per sample (for tau the pair of each sample, int64 (N)); may be
  // undefined. Where several processes train one network, the host concatenates their records before learn().
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

  // Augments a batch. The input is not modified; a result may share its memory where nothing changed.
  // images: uint8 (N, channels, height, width), contiguous; labels as in Augmented. N may be 0.
  // Randomness comes from the context's generators alone. Makes no host-device synchronisation.
  virtual Augmented apply(const at::Tensor& images, const at::Tensor& labels) = 0;

  // Learns from the losses (float (N), detached) of the batch that `record` belongs to, of all processes. Needs no
  // gradient of the network.
  virtual void learn(const at::Tensor& record, const at::Tensor& losses);

  // Called after each epoch, for augmenters that learn from the result of an epoch.
  virtual void end_epoch(const EpochOutcome& outcome);

  // What was learned, for the run's policy.json and its reader: a JSON object. By default empty.
  virtual std::string policy() const;
};

}  // namespace dha
