// Opens the simulated CUDA in the place of LibTorch's library, as a run does, and tells a test what crossed.
#pragma once

#include <dlfcn.h>
#include <stdlib.h>

#include <stdexcept>
#include <string>
#include <vector>

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
  // What had crossed at each replay of a recording so far.
  std::vector<simulated_cuda::Traffic> traffic_at_replays() const {
    std::vector<simulated_cuda::Traffic> found(static_cast<size_t>(at_replays_(nullptr, 0)));
    at_replays_(found.data(), static_cast<int64_t>(found.size()));
    return found;
  }
  std::string crossings() const { return crossings_(); }
  void forget_crossings() const { forget_(); }
  void recover() const { recover_(); }  // from a failed recording
  void let_events_fail(bool fail) const { let_events_fail_(fail); }

 private:
  SimulatedCuda() {
    const std::string library = (build_dir() / "test-programs/libsimulated_cuda.so").string();
    setenv("DHA_CUDA_LIBRARY", library.c_str(), 1);
    device_ = choose_device("cuda");
    void* handle = dlopen(library.c_str(), RTLD_LAZY | RTLD_NOLOAD);
    traffic_ = function<decltype(traffic_)>(handle, "dha_simulated_cuda_traffic");
    at_replays_ = function<decltype(at_replays_)>(handle, "dha_simulated_cuda_traffic_at_replays");
    crossings_ = function<decltype(crossings_)>(handle, "dha_simulated_cuda_crossings");
    forget_ = function<decltype(forget_)>(handle, "dha_simulated_cuda_forget_crossings");
    let_events_fail_ = function<decltype(let_events_fail_)>(handle, "dha_simulated_cuda_let_events_fail");
    recover_ = function<decltype(recover_)>(handle, "dha_simulated_cuda_recover");
  }

  template <class Function>
  static Function function(void* handle, const char* name) {
    void* found = handle != nullptr ? dlsym(handle, name) : nullptr;
    if (found == nullptr) throw std::runtime_error(std::string("the simulated CUDA has no ") + name);
    return reinterpret_cast<Function>(found);
  }

  DeviceChoice device_;
  void (*traffic_)(simulated_cuda::Traffic*) = nullptr;
  int64_t (*at_replays_)(simulated_cuda::Traffic*, int64_t) = nullptr;
  const char* (*crossings_)() = nullptr;
  void (*forget_)() = nullptr;
  void (*recover_)() = nullptr;
  void (*let_events_fail_)(bool) = nullptr;
};

}  // namespace dha::test
