// Memory of the simulated device: the host's, under addresses that the host cannot read.
//
// A device address is the host's with one bit set that no address of a process has, so that a read or write through it
// ends the process with a segmentation fault, as it does for memory of a real card. host_view() takes the bit away.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Allocator.h>

namespace dha::simulated_cuda {

// Of the device: what tensors on it are made with.
c10::Allocator* device_allocator();

// Of pinned host memory.
c10::Allocator* pinned_allocator();
bool is_pinned(const void* address);

// `tensor`, on the device, as a CPU tensor over the same memory. A CPU tensor comes back as it is.
at::Tensor host_view(const at::Tensor& tensor);

// A CPU tensor that nothing else refers to, as a tensor on the device over the same memory.
at::Tensor taken_to_device(const at::Tensor& host);

}  // namespace dha::simulated_cuda
