// Chooses the device of a run and opens LibTorch's CUDA library at run time, so that one build serves machines with and without.
#pragma once

#include <c10/core/Device.h>

#include <filesystem>
#include <string>
#include <vector>

namespace dha {

struct DeviceChoice {
  c10::Device device = c10::kCPU;
  std::string note;  // why "auto" became what it is; empty where there is nothing to say
};

// `text`: auto, cpu, cuda or cuda:N. "cpu" opens nothing. Otherwise libtorch_cuda.so beside libtorch_cpu.so is opened (or the
// library that the environment variable DHA_CUDA_LIBRARY names), once in a process, before the first question about CUDA,
// because LibTorch keeps its first answer.
// Throws Error{kUsage} for another text, and Error{kDevice} that says what was looked for where a named device is not there.
DeviceChoice choose_device(const std::string& text);

// Opens the plugins' libraries with CUDA kernels; does nothing where the device is the CPU.
// Throws Error{kLoadFailed} that names the file.
void open_accelerator_libraries(const DeviceChoice& choice, const std::vector<std::filesystem::path>& libraries);

}  // namespace dha
