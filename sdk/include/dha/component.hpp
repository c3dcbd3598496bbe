// The base of all six interfaces: whole state out, whole state in, and optional abilities by name.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dha/export.hpp"

namespace dha {

// Everything that a component must remember to go on with the same bits: tensors on any device, and JSON text for the
// rest. Parameters are not part of it (the pipeline has them), nor are generators (the host has them).
struct State {
  std::map<std::string, at::Tensor> tensors;
  std::string json = "{}";
};

// A tensor that is known by name: a weight, a buffer, a learned scalar. Names are unique in their list and stable over
// runs.
struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

// Where a training stands. Counts start at 0.
struct Progress {
  int64_t epoch = 0;            // of this stage
  int64_t epochs = 1;           // planned for this stage
  int64_t step = 0;             // within the epoch
  int64_t steps_per_epoch = 1;  // >= 1
};

// What an epoch came to. Fields that were not measured are empty.
struct EpochOutcome {
  Progress progress;
  double train_loss = 0;      // mean over samples, auxiliary head included
  double train_accuracy = 0;  // in [0, 1], of augmented samples
  bool has_validation = false;
  double validation_loss = 0;
  double validation_accuracy = 0;
};

// All calls to one component come from one thread at a time, unless a function says otherwise.
class DHA_API Component {
 public:
  Component();
  virtual ~Component();
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;

  // The whole state. Tensors may share memory with the component: the host writes them out before its next call.
  virtual State state() const = 0;

  // Takes a state that this or another instance of the same component returned, possibly under other parameters, and
  // copies what it keeps. Called after prepare() or attach(). Throws Error{kInvalidParameter} where the state cannot be
  // taken.
  virtual void restore(const State& state) = 0;

  // An optional ability by versioned id, such as "dha.image_operations/1": a pointer to that interface, owned by the
  // component, or null. This is how interfaces grow without a change of their tables.
  virtual const void* capability(std::string_view id) const;
};

}  // namespace dha
