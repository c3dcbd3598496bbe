// Keeps the counts and the last crossings of the simulated device. [any thread]
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "traffic.hpp"

namespace dha::simulated_cuda {

void note_operator();
void note_recording();
void note_replay();

// `what`: the operator or the way of copying.
void note_synchronisation(const std::string& what);
void note_copy_to_device(const at::Tensor& source, bool pinned, bool waits);
void note_copy_to_host(const at::Tensor& source, const std::string& how, bool waits);

}  // namespace dha::simulated_cuda
