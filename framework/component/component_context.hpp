// The context that the host gives a component: its log lines, generators, metrics and scratch directory, by its path in
// the pipeline.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "dha/component.hpp"
#include "dha/context.hpp"

namespace dha {

class Log;

// The common state of a run's contexts. `log` outlives them.
struct ContextServices {
  Log* log = nullptr;
  at::Device device = at::kCPU;
  uint64_t seed = 0;
  std::filesystem::path scratch;  // parent of the scratch directories; empty: one that is removed with the process
};

class ComponentContext : public Context {
 public:
  // `path`: position in the pipeline, such as "search/augment.1".
  ComponentContext(const ContextServices& services, std::string component_id, std::string path);

  void log(LogLevel level, std::string_view message) override;
  at::Device device() const override { return services_.device; }
  at::Generator generator() override { return generator_; }
  at::Generator shared_generator() override { return shared_generator_; }
  at::Generator host_generator() override { return host_generator_; }
  void metric(std::string_view name, const at::Tensor& value) override;
  std::string scratch_directory() override;
  bool cancelled() const override;

  // The last value of each metric since the last call, on the device where it was computed.
  std::map<std::string, at::Tensor> take_metrics();

  // The context's part of a checkpoint: the generators' states as tensors "generator", "shared_generator" and
  // "host_generator", and metrics that were not taken yet as "metric.<name>".
  std::map<std::string, at::Tensor> state() const;
  void restore(const std::map<std::string, at::Tensor>& state);

 private:
  ContextServices services_;
  std::string component_id_, path_;
  at::Generator generator_, shared_generator_, host_generator_;
  std::map<std::string, at::Tensor> metrics_;
};

}  // namespace dha
