// The host's services for every component: log, random generators, device, metrics, scratch directory, cancellation.
//
// The host implements this interface and may append functions to it in any minor version.
//
// A component receives its own context at construction; the context outlives it. A component uses no global random
// state and sets no global thread count. All its draws come from the generators below, which the host seeds from the
// run's seed and the component's path in the pipeline, and saves with every checkpoint.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>

#include "dha/export.hpp"

namespace dha {

enum class LogLevel { kDebug, kInfo, kWarning };

class DHA_API Context {
 public:
  Context();
  virtual ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // Adds a line to the run's log, marked with the component's id. [any thread]
  virtual void log(LogLevel level, std::string_view message) = 0;

  // The device of the component's tensors during training.
  virtual at::Device device() const = 0;

  // A generator on device(), for draws inside a step that concern single samples and differ between processes:
  // augmentation, drop path, dropout. [one thread at a time]
  virtual at::Generator generator() = 0;

  // A generator on device(), for draws that must agree between processes: initial weights, Gumbel noise, sampled paths.
  // Processes stay in step as long as each draws the same shapes in the same order. [one thread at a time]
  virtual at::Generator shared_generator() = 0;

  // A generator on the CPU, for draws that decide what the host does (an architecture, a shuffle). It agrees between
  // processes. [one thread at a time]
  virtual at::Generator host_generator() = 0;

  // Records a 0-dimensional tensor under the component's name. It stays on its device until the host writes metrics, so
  // a call costs no synchronisation. The last value of an interval is written. [training thread]
  virtual void metric(std::string_view name, const at::Tensor& value) = 0;

  // The component's own directory, created on first use and kept as long as the run.
  virtual std::string scratch_directory() = 0;

  // True once the user has asked to stop. Long work should then throw Error{kCancelled}. [any thread]
  virtual bool cancelled() const = 0;
};

}  // namespace dha
