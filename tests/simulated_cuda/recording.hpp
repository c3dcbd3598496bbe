// What the simulated device records between begin() and end() of a graph, and does again at each replay.
//
// As on a card, what is recorded has no effect at once: what it wrote, and what it drew, is taken back at the end. And
// as there, work that waits, on the recorded stream, is an error; the recording is void then, its generators draw
// nothing any more, and no other recording begins.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

namespace dha::simulated_cuda {

// Whether the calling thread's current stream is being recorded.
bool is_recording();

// Throws c10::Error where the calling thread's stream is being recorded.
void check_may_wait(const std::string& what);

// Throws c10::Error where the stream is being recorded and `generator` does not belong to the recording.
void check_may_draw(const at::Generator& generator);

// Ahead of work that writes to `tensor`, on the device: it gets its values back at the end of the recording.
void note_write(const at::Tensor& tensor);

// What to do at each replay. Memory of `tensors`, on the device, stays theirs until the recording goes.
void record(std::function<void()> again, std::initializer_list<at::Tensor> tensors);
void keep_memory(const at::Tensor& tensor);

}  // namespace dha::simulated_cuda
