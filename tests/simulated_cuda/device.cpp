#include "device.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <atomic>
#include <memory>

#include "device_memory.hpp"
#include "ledger.hpp"
#include "traffic.hpp"

namespace dha::simulated_cuda {

namespace {

const c10::Device kDevice(c10::DeviceType::CUDA, 0);

class GeneratorImpl : public c10::GeneratorImpl {
 public:
  explicit GeneratorImpl(at::Generator host)
      : c10::GeneratorImpl(kDevice, c10::DispatchKeySet(c10::DispatchKey::CUDA)), host_(std::move(host)) {}

  void set_current_seed(uint64_t seed) override { host_.set_current_seed(seed); }
  void set_offset(uint64_t offset) override { host_.set_offset(offset); }
  uint64_t get_offset() const override { return host_.get_offset(); }
  uint64_t current_seed() const override { return host_.current_seed(); }
  uint64_t seed() override { return host_.seed(); }
  void set_state(const c10::TensorImpl& state) override { host_.unsafeGetGeneratorImpl()->set_state(state); }
  c10::intrusive_ptr<c10::TensorImpl> get_state() const override { return host_.unsafeGetGeneratorImpl()->get_state(); }
  const at::Generator& host() const { return host_; }

 private:
  GeneratorImpl* clone_impl() const override { return new GeneratorImpl(host_.clone()); }

  at::Generator host_;
};

thread_local c10::StreamId current_stream = 0;
std::atomic<bool> events_fail{false};

// One device with as many streams as one likes. Everything happens at once, so events have nothing to wait for.
struct DeviceGuard : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return kDevice.type(); }
  c10::Device exchangeDevice(c10::Device device) const override {
    check(device);
    return kDevice;
  }
  c10::Device getDevice() const override { return kDevice; }
  void setDevice(c10::Device device) const override { check(device); }
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }

  c10::Stream getStream(c10::Device) const override { return stream(current_stream); }
  c10::Stream getDefaultStream(c10::Device) const override { return stream(0); }
  c10::Stream getStreamFromGlobalPool(c10::Device, bool high_priority) const override {
    return stream(high_priority ? 2 : 1);
  }
  c10::Stream getNewStream(c10::Device, int) const override { return stream(3); }
  c10::Stream exchangeStream(c10::Stream next) const override {
    const c10::StreamId before = current_stream;
    current_stream = next.id();
    return stream(before);
  }
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream&) const override { note_synchronisation("of a stream"); }
  void synchronizeDevice(c10::DeviceIndex) const override { note_synchronisation("of the device"); }

  void record(void** event, const c10::Stream&, c10::DeviceIndex, c10::EventFlag) const override {
    TORCH_CHECK(!events_fail, "an illegal memory access was encountered");
    *event = this_event();
  }
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void synchronizeEvent(void*) const override { note_synchronisation("of an event"); }
  void destroyEvent(void*, c10::DeviceIndex) const noexcept override {}

 private:
  static c10::Stream stream(c10::StreamId id) { return c10::Stream(c10::Stream::UNSAFE, kDevice, id); }
  static void* this_event() {
    static char mark;
    return &mark;
  }
  static void check(c10::Device device) {
    TORCH_CHECK(device.index() <= 0, "the simulated CUDA has one device, found ", device);
  }
};

C10_REGISTER_GUARD_IMPL(CUDA, DeviceGuard);

// LibTorch looks it up by this name.
struct CUDAHooks : at::CUDAHooksInterface {
  explicit CUDAHooks(at::CUDAHooksArgs) {}
  void init() const override {}
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasCUDA() const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  c10::DeviceIndex current_device() const override { return 0; }
  int getNumGPUs() const override { return 1; }
  bool isPinnedPtr(const void* data) const override { return is_pinned(data); }
  c10::Allocator* getPinnedMemoryAllocator() const override { return pinned_allocator(); }
  c10::Allocator* getCUDADeviceAllocator() const override { return device_allocator(); }
  void deviceSynchronize(c10::DeviceIndex) const override { note_synchronisation("of the device"); }
  const at::Generator& getDefaultGenerator(c10::DeviceIndex) const override {
    static const at::Generator generator = at::make_generator<GeneratorImpl>(at::detail::createCPUGenerator());
    return generator;
  }
  at::Generator getNewGenerator(c10::DeviceIndex) const override {
    return at::make_generator<GeneratorImpl>(at::detail::createCPUGenerator());
  }
};

using at::CUDAHooksRegistry;
using at::RegistererCUDAHooksRegistry;
REGISTER_CUDA_HOOKS(CUDAHooks);

}  // namespace

c10::StreamId current_stream_id() { return current_stream; }

at::Generator host_generator(const at::Generator& generator) {
  const auto* own = dynamic_cast<const GeneratorImpl*>(generator.unsafeGetGeneratorImpl());
  TORCH_CHECK(own != nullptr, "Expected a 'cuda' device type for generator but found '", generator.device().type(),
              "'");
  return own->host();
}

}  // namespace dha::simulated_cuda

void dha_simulated_cuda_let_events_fail(bool fail) { dha::simulated_cuda::events_fail = fail; }
