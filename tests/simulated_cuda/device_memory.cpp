#include "device_memory.hpp"

#include <ATen/ops/from_blob.h>
#include <c10/core/CachingDeviceAllocator.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>

namespace dha::simulated_cuda {

namespace {

// Addresses of processes have at most 52 bits on the machines that LibTorch runs on.
constexpr uintptr_t kDeviceBit = uintptr_t{1} << 54;
constexpr size_t kAlignment = 64;

constexpr size_t kMemory = size_t{16} << 30;

// Names a variable with the bytes that the device says it has; what it gives out stays the same.
constexpr const char* kMemoryVariable = "DHA_SIMULATED_CUDA_MEMORY";

void* device_address(void* host) {
  return host == nullptr ? nullptr : reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(host) | kDeviceBit);
}

void* host_address(const void* device) {
  return reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(device) & ~kDeviceBit);
}

void* aligned_memory(size_t bytes) {
  return bytes == 0 ? nullptr : std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
}

using DeviceStats = c10::CachingDeviceAllocator::DeviceStats;

class DeviceAllocator : public c10::DeviceAllocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    take(bytes);
    return keep(new Block{bytes, nullptr, aligned_memory(bytes)});
  }

  // A storage of the host that becomes the device's.
  c10::DataPtr adopt(const c10::Storage& storage) {
    take(storage.nbytes());
    return keep(new Block{storage.nbytes(), std::make_unique<c10::Storage>(storage), storage.mutable_data()});
  }

  c10::DeleterFnPtr raw_deleter() const override { return nullptr; }
  void copy_data(void* target, const void* source, size_t bytes) const override {
    std::memcpy(host_address(target), host_address(source), bytes);
  }

  bool initialized() override { return true; }
  void emptyCache(c10::MempoolId_t) override {}
  void recordStream(const c10::DataPtr&, c10::Stream) override {}
  void resetAccumulatedStats(c10::DeviceIndex) override {}

  DeviceStats getDeviceStats(c10::DeviceIndex) override {
    const std::lock_guard lock(mutex_);
    const auto whole = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    DeviceStats stats;
    for (c10::CachingAllocator::StatArray* kind : {&stats.allocated_bytes, &stats.reserved_bytes}) {
      (*kind)[whole].current = static_cast<int64_t>(used_);
      (*kind)[whole].peak = static_cast<int64_t>(peak_);
    }
    return stats;
  }

  void resetPeakStats(c10::DeviceIndex) override {
    const std::lock_guard lock(mutex_);
    peak_ = used_;
  }

  std::pair<size_t, size_t> getMemoryInfo(c10::DeviceIndex) override {
    const std::lock_guard lock(mutex_);
    const char* text = std::getenv(kMemoryVariable);
    const size_t total = text != nullptr ? std::strtoull(text, nullptr, 10) : kMemory;
    return {used_ < total ? total - used_ : 0, total};
  }

 private:
  // What a tensor's memory is: its own, or an adopted storage's.
  struct Block {
    size_t bytes;
    std::unique_ptr<c10::Storage> storage;
    void* address;
  };

  void take(size_t bytes) {
    const std::lock_guard lock(mutex_);
    TORCH_CHECK_WITH(OutOfMemoryError, used_ + bytes <= kMemory, "the simulated CUDA device is out of memory: ", bytes,
                     " bytes were asked for beside ", used_, " of ", kMemory);
    used_ += bytes;
    peak_ = std::max(peak_, used_);
  }

  c10::DataPtr keep(Block* block);
  void release(Block* block) {
    const std::unique_ptr<Block> owned(block);
    if (!owned->storage) std::free(owned->address);
    const std::lock_guard lock(mutex_);
    used_ -= owned->bytes;
  }

  std::mutex mutex_;
  size_t used_ = 0, peak_ = 0;
};

// Never destroyed, as tensors may outlive static objects.
DeviceAllocator& allocator() {
  static auto* one = new DeviceAllocator;
  return *one;
}

c10::DataPtr DeviceAllocator::keep(Block* block) {
  return {device_address(block->address), block, [](void* kept) { allocator().release(static_cast<Block*>(kept)); },
          c10::Device(c10::DeviceType::CUDA, 0)};
}

// Pinned memory is ordinary memory that is known.
class PinnedAllocator : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* address = aligned_memory(bytes);
    const std::lock_guard lock(mutex_);
    if (address != nullptr) ranges_[reinterpret_cast<uintptr_t>(address)] = bytes;
    return {address, address, &release, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* target, const void* source, size_t bytes) const override { std::memcpy(target, source, bytes); }

  bool holds(const void* address) {
    const std::lock_guard lock(mutex_);
    auto above = ranges_.upper_bound(reinterpret_cast<uintptr_t>(address));
    if (above == ranges_.begin()) return false;
    const auto& [begin, bytes] = *--above;
    return reinterpret_cast<uintptr_t>(address) < begin + bytes;
  }

 private:
  static void release(void* address);

  std::mutex mutex_;
  std::map<uintptr_t, size_t> ranges_;
};

PinnedAllocator& pinned() {
  static auto* one = new PinnedAllocator;
  return *one;
}

void PinnedAllocator::release(void* address) {
  {
    const std::lock_guard lock(pinned().mutex_);
    pinned().ranges_.erase(reinterpret_cast<uintptr_t>(address));
  }
  std::free(address);
}

const bool kIsRegistered = [] {
  c10::SetAllocator(c10::DeviceType::CUDA, &allocator());
  return true;
}();

}  // namespace

c10::Allocator* device_allocator() { return &allocator(); }
c10::Allocator* pinned_allocator() { return &pinned(); }
bool is_pinned(const void* address) { return pinned().holds(address); }

at::Tensor host_view(const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.is_cpu()) return tensor;
  return at::from_blob(host_address(tensor.const_data_ptr()), tensor.sizes(), tensor.strides(),
                       at::TensorOptions().dtype(tensor.dtype()));
}

at::Tensor taken_to_device(const at::Tensor& host) {
  if (!host.defined()) return host;
  c10::Storage storage(c10::Storage::use_byte_size_t(), host.storage().nbytes(), allocator().adopt(host.storage()),
                       &allocator(), /*resizable=*/true);
  at::Tensor device = at::detail::make_tensor<c10::TensorImpl>(
      std::move(storage), c10::DispatchKeySet(c10::DispatchKey::CUDA), host.dtype());
  device.unsafeGetTensorImpl()->set_sizes_and_strides(host.sizes(), host.strides(), host.storage_offset());
  return device;
}

}  // namespace dha::simulated_cuda
