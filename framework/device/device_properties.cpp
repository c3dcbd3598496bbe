#include "device/device_properties.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <array>
#include <fstream>

namespace dha {

namespace {

// The processor's model in /proc/cpuinfo; empty where there is none.
std::string processor_name() {
  std::ifstream lines("/proc/cpuinfo");
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    const size_t begin = line.find_first_not_of(" \t", line.find(':') + 1);
    return begin != std::string::npos ? line.substr(begin) : "";
  }
  return "";
}

// Functions of the CUDA runtime and of the driver, taken from the libraries that LibTorch's has brought in: the program
// itself is built without CUDA. Null where they are not there.
template <class Function>
Function runtime_function(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
}

template <class Function>
Function driver_function(const char* name) {
  void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
  return driver != nullptr ? reinterpret_cast<Function>(dlsym(driver, name)) : nullptr;
}

constexpr int kCudaSuccess = 0;

std::string cuda_device_name(int index) {
  const auto get_device = driver_function<int (*)(int*, int)>("cuDeviceGet");
  const auto get_name = driver_function<int (*)(char*, int, int)>("cuDeviceGetName");
  int handle = 0;
  std::array<char, 256> name{};
  if (get_device == nullptr || get_name == nullptr || get_device(&handle, index) != kCudaSuccess) return "";
  if (get_name(name.data(), static_cast<int>(name.size()) - 1, handle) != kCudaSuccess) return "";
  return name.data();
}

}  // namespace

int64_t device_count(at::Device device) {
  return device.is_cpu() ? 1 : at::globalContext().getAcceleratorHooksInterface(device.type()).deviceCount();
}

int thread_count() { return at::get_num_threads(); }

std::optional<ComputeCapability> compute_capability(at::Device device) {
  if (!device.is_cuda()) return std::nullopt;
  constexpr int kMajor = 75, kMinor = 76;  // cudaDevAttrComputeCapabilityMajor and -Minor
  const auto attribute = runtime_function<int (*)(int*, int, int)>("cudaDeviceGetAttribute");
  ComputeCapability capability;
  if (attribute == nullptr || attribute(&capability.major, kMajor, device.index()) != kCudaSuccess ||
      attribute(&capability.minor, kMinor, device.index()) != kCudaSuccess)
    return std::nullopt;
  return capability;
}

std::string device_name(at::Device device) {
  return device.is_cuda() ? cuda_device_name(device.index()) : processor_name();
}

bool has_native_arithmetic(at::Device device, std::string_view precision) {
  const bool is_bfloat16 = precision == "bf16";
  if (!is_bfloat16 && precision != "fp16") return true;
  if (device.is_cuda()) {
    const std::optional<ComputeCapability> capability = compute_capability(device);
    return !capability || capability->major >= (is_bfloat16 ? 8 : 7);
  }
#if defined(__x86_64__)
  return is_bfloat16 && __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

}  // namespace dha
