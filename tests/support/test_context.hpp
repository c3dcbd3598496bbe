// A context for components under test: seeded generators, recorded log lines and metrics.
#pragma once

#include <ATen/CPUGeneratorImpl.h>

#include <map>
#include <string>
#include <vector>

#include "dha/context.hpp"
#include "support/paths.hpp"

namespace dha::test {

class TestContext : public Context {
 public:
  explicit TestContext(uint64_t seed = 1)
      : generator_(at::detail::createCPUGenerator(seed)),
        host_generator_(at::detail::createCPUGenerator(seed + 1)),
        shared_generator_(at::detail::createCPUGenerator(seed + 2)) {}

  void log(LogLevel level, std::string_view message) override {
    if (level == LogLevel::kWarning) warnings.emplace_back(message);
    lines.emplace_back(message);
  }
  at::Device device() const override { return at::kCPU; }
  at::Generator generator() override { return generator_; }
  at::Generator shared_generator() override { return shared_generator_; }
  at::Generator host_generator() override { return host_generator_; }
  void metric(std::string_view name, const at::Tensor& value) override { metrics[std::string(name)] = value; }
  std::string scratch_directory() override { return scratch_.path().string(); }
  bool cancelled() const override { return cancel; }

  std::vector<std::string> lines, warnings;
  std::map<std::string, at::Tensor> metrics;
  bool cancel = false;

 private:
  at::Generator generator_, host_generator_, shared_generator_;
  TemporaryDirectory scratch_;
};

}  // namespace dha::test
