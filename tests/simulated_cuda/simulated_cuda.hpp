// Opens the simulated CUDA in the place of LibTorch's library, as a run does, and tells a test what crossed.
#pragma once

#include <dlfcn.h>
#include <stdlib.h>

#include <stdexcept>
#include <string>

#include "device/accelerator.hpp"
#include "simulated_cuda/traffic.hpp"
#include "support/paths.hpp"

namespace dha::test {

class SimulatedCuda {
 public:
  // Before the first tensor on a device and the first plugin of the process.
  static SimulatedCuda& open() {
    static SimulatedCuda one;
    return one;
  }

  const DeviceChoice& device() const { return device_; }

  simulated_cuda::Traffic traffic() const {
    simulated_cuda::Traffic traffic;
    traffic_(&traffic);
    return traffic;
  }
  std::string crossings() const { return crossings_(); }
  void forget_crossings() const { forget_(); }

 private:
  SimulatedCuda() {
    const std::string library = (build_dir() / "test-programs/libsimulated_cuda.so").string();
    setenv("DHA_CUDA_LIBRARY", library.c_str(), 1);
    device_ = choose_device("cuda");
    void* handle = dlopen(library.c_str(), RTLD_LAZY | RTLD_NOLOAD);
    traffic_ = function<decltype(traffic_)>(handle, "dha_simulated_cuda_traffic");
    crossings_ = function<decltype(crossings_)>(handle, "dha_simulated_cuda_crossings");
    forget_ = function<decltype(forget_)>(handle, "dha_simulated_cuda_forget_crossings");
  }

  template <class Function>
  static Function function(void* handle, const char* name) {
    void* found = handle != nullptr ? dlsym(handle, name) : nullptr;
    if (found == nullptr) throw std::runtime_error(std::string("the simulated CUDA has no ") + name);
    return reinterpret_cast<Function>(found);
  }

  DeviceChoice device_;
  void (*traffic_)(simulated_cuda::Traffic*) = nullptr;
  const char* (*crossings_)() = nullptr;
  void (*forget_)() = nullptr;
};

}  // namespace dha::test
