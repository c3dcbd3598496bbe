// The interface of augmenters: uint8 batch in, uint8 batch out, each sample with operations of its own.
//
// A stage has a chain of them. The host calls apply() for the batch of a step, keeps the record that comes back, and
// hands it to learn() with the losses of that batch, so that a batch may be prepared ahead of its step.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "dha/component.hpp"
#include "dha/dataset.hpp"

namespace dha {

struct Augmented {
  at::Tensor images;  // uint8 (N, channels, height, width), contiguous, on the device of the input
  at::Tensor labels;  // int64 (N), or probabilities float (N, classes) where labels are mixed
  at::Tensor
      record;  // what learn() needs to know of this call (for tau the pair of each sample, int64 (N)); may be undefined
};

class DHA_API Augmenter : public Component {
 public:
  using Interface = Augmenter;
  static constexpr const char* kKind = "augmenter";

  Augmenter();
  ~Augmenter() override;

  // Called once, before the first apply(). `info` is complete, mean included.
  virtual void prepare(const DatasetInfo& info) = 0;

  // Ahead of the first step of each epoch.
  virtual void begin_epoch(const Progress& progress) = 0;

  // Augments a batch. The input is not modified; a result may share its memory where nothing changed.
  // images: uint8 (N, channels, height, width), contiguous; labels as in Augmented. N may be 0.
  // Randomness comes from the context's generators alone. Makes no host-device synchronisation.
  virtual Augmented apply(const at::Tensor& images, const at::Tensor& labels) = 0;

  // Learns from the losses (float (N), detached) of the batch that `record` belongs to. Needs no gradient of the
  // network.
  virtual void learn(const at::Tensor& record, const at::Tensor& losses) = 0;

  // After each epoch, for augmenters that learn from how an epoch went.
  virtual void end_epoch(const EpochOutcome& outcome) = 0;

  // What was learned, for the run's policy.json and its reader: a JSON object.
  virtual std::string policy() const = 0;
};

}  // namespace dha
