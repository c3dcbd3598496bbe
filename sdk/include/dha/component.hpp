// The base of all six interfaces: saving and restoring state, needs, and optional abilities by name.
//
// Interfaces grow at their end: within a major version of the SDK, new virtual functions with a default are appended to
// a kind's interface, and the host calls them only on plugins that were built with that minor version or a later one.
// Component itself does not grow, because the functions of the interfaces follow its own.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dha/export.hpp"
#include "dha/quantities.hpp"

namespace dha {

// Everything that a component must save to continue with the same bits: tensors on any device, and JSON text for the
// rest. It does not include parameters (the pipeline has them) or generators (the host has them).
struct State {
  std::map<std::string, at::Tensor> tensors;
  std::string json = "{}";
};

// Why a state is restored.
enum class RestoreReason {
  kResume,  // an interrupted stage continues: the same bits must follow
  kCarry,   // a later stage, or a trial, starts from the end of an earlier one, possibly under other parameters
};

// A named tensor: a weight, a buffer, a learned scalar. Names are unique within a list and the same in all runs.
struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

// The position within a training. Counts start at 0.
struct Progress {
  int64_t epoch = 0;            // of this stage
  int64_t epochs = 1;           // planned for this stage
  int64_t step = 0;             // within the epoch
  int64_t steps_per_epoch = 1;  // >= 1
};

// The result of an epoch. `measurements` uses the names of <dha/quantities.hpp>: always the loss and accuracy of
// training; those of validation if the epoch was validated.
struct EpochOutcome {
  Progress progress;
  Quantities measurements;
};

// One thread at a time calls a component, unless a function says otherwise.
//
// If several processes train one network, each has its own copy of every component. The host averages losses and
// gradients over processes and gathers per-sample values before a component sees them, so copies stay equal if a
// component makes its random decisions with Context::shared_generator() or host_generator().
class DHA_API Component {
 public:
  Component();
  virtual ~Component();
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;

  // The complete state; none by default. Tensors may share memory with the component: the host writes them before its
  // next call.
  virtual State state() const;

  // Takes a state that this or another instance of the same component returned, and copies the tensors that it keeps.
  // Called after prepare() or attach(). Throws Error{kInvalidParameter} if the state does not fit. The default takes
  // the empty state only.
  virtual void restore(const State& state, RestoreReason reason);

  // The component's requirements on its stage, by the names of <dha/stage.hpp>. Called when a pipeline is validated,
  // after prepare() or attach() (of a hyper-optimizer before attach()). None by default.
  virtual std::vector<std::string> needs() const;

  // An optional ability by versioned id, such as "dha.image_operations/1": a pointer to that interface, owned by the
  // component, or null. For abilities that most components of a kind lack.
  virtual void* capability(std::string_view id);
};

}  // namespace dha
