#include "component/component_context.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "data/seeds.hpp"
#include "dha/error.hpp"
#include "process/signals.hpp"
#include "report/log.hpp"
#include "storage/io_error.hpp"

namespace dha {

namespace {

const std::string kMetric = "metric.";

at::Generator make_generator(at::Device device, uint64_t seed) {
  at::Generator generator =
      device.is_cpu() ? at::detail::createCPUGenerator(seed)
                      : at::globalContext().getAcceleratorHooksInterface(device.type()).getNewGenerator(device.index());
  generator.set_current_seed(seed);
  return generator;
}

// A new folder below the system's temporary directory, removed again with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "dha-scratch-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw_io_error("create the scratch directory", name, errno);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// For work outside a run.
const std::filesystem::path& process_scratch() {
  static const TemporaryFolder folder;
  return folder.path();
}

}  // namespace

ComponentContext::ComponentContext(const ContextServices& services, std::string component_id, std::string path)
    : services_(services),
      component_id_(std::move(component_id)),
      path_(std::move(path)),
      generator_(make_generator(services.device, derive_seed(services.seed, path_ + "/device"))),
      shared_generator_(make_generator(services.device, derive_seed(services.seed, path_ + "/shared"))),
      host_generator_(make_generator(at::kCPU, derive_seed(services.seed, path_ + "/host"))) {}

void ComponentContext::log(LogLevel level, std::string_view message) {
  if (services_.log != nullptr) services_.log->write(level, component_id_, message);
}

void ComponentContext::metric(std::string_view name, const at::Tensor& value) {
  if (value.dim() != 0)
    throw Error(ErrorCode::kContractViolation, "metric '" + std::string(name) + "' must be a 0-dimensional tensor");
  metrics_[std::string(name)] = value.detach();
}

std::string ComponentContext::scratch_directory() {
  std::string folder = path_;
  std::replace(folder.begin(), folder.end(), '/', '.');
  const std::filesystem::path& parent = services_.scratch.empty() ? process_scratch() : services_.scratch;
  std::error_code failure;
  std::filesystem::create_directories(parent / folder, failure);
  if (failure)
    throw Error(ErrorCode::kIo,
                "cannot create the scratch directory " + (parent / folder).string() + ": " + failure.message());
  return (parent / folder).string();
}

bool ComponentContext::cancelled() const { return stop_requested(); }

std::map<std::string, at::Tensor> ComponentContext::take_metrics() { return std::exchange(metrics_, {}); }

std::map<std::string, at::Tensor> ComponentContext::state() const {
  std::map<std::string, at::Tensor> tensors{{"generator", generator_.get_state()},
                                            {"shared_generator", shared_generator_.get_state()},
                                            {"host_generator", host_generator_.get_state()}};
  for (const auto& [name, value] : metrics_) tensors[kMetric + name] = value;
  return tensors;
}

void ComponentContext::restore(const std::map<std::string, at::Tensor>& state) {
  generator_.set_state(state.at("generator"));
  shared_generator_.set_state(state.at("shared_generator"));
  host_generator_.set_state(state.at("host_generator"));
  metrics_.clear();
  for (const auto& [name, tensor] : state)
    if (name.starts_with(kMetric)) metrics_[name.substr(kMetric.size())] = tensor;
}

}  // namespace dha
