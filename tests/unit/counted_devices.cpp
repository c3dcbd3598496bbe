// A library that answers LibTorch's question for CUDA devices with the number in DHA_TEST_DEVICES, and does no more.
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/util/Exception.h>

#include <cstdlib>

namespace {

// LibTorch looks it up by this name.
struct CUDAHooks : at::CUDAHooksInterface {
  explicit CUDAHooks(at::CUDAHooksArgs) {}
  void init() const override { TORCH_CHECK(deviceCount() > 0, "the drawer for devices is empty"); }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return false; }
  c10::DeviceIndex deviceCount() const override {
    const char* count = std::getenv("DHA_TEST_DEVICES");
    return static_cast<c10::DeviceIndex>(count != nullptr ? std::atoi(count) : 0);
  }
};

using at::CUDAHooksRegistry;
using at::RegistererCUDAHooksRegistry;
REGISTER_CUDA_HOOKS(CUDAHooks);

}  // namespace
