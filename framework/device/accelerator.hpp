// Chooses the device of a run and opens LibTorch's accelerator library for it, at run time.
//
// The program links LibTorch for CPUs only. Its CUDA library is opened here, in addition to the CPU library, the first
// time a run asks for a device other than `cpu`. LibTorch caches whether CUDA is available, so call choose_device()
// before anything that may query it: before plugins are loaded and before the first tensor outside the CPU.
//
// The environment variable DHA_CUDA_LIBRARY names another library to open instead, which registers its own CUDA device
// with LibTorch: the simulated CUDA of the tests.
#pragma once

#include <c10/core/Device.h>

#include <filesystem>
#include <string>
#include <vector>

namespace dha {

struct DeviceChoice {
  at::Device device = at::kCPU;
  std::string note = "";        // why "auto" became this, in a few words; empty for a device given by name
  std::string looked_for = "";  // what was searched if "auto" found no accelerator, else empty
};

// "cuda:1", "cpu (no accelerator found)".
std::string in_words(const DeviceChoice& choice);

// `text` is "auto", "cpu", "cuda" (the first one) or "cuda:<number>". "auto" takes the first accelerator, or the CPU if
// there is none. "cpu" opens nothing. May be called again. [one thread at a time]
//
// Throws Error{kUsage} for any other text, and Error{kDevice} if the device is not available, with
// what was searched: library, driver, number of devices.
DeviceChoice choose_device(const std::string& text);

// Opens libraries with CUDA code, of the host and of plugins. Does nothing if the device is the CPU, or if another
// library replaces LibTorch's, because kernels need a real GPU. Throws Error{kLoadFailed} with the file and the dynamic
// linker's reason.
void open_accelerator_libraries(const DeviceChoice& choice, const std::vector<std::filesystem::path>& libraries);

// The symbol `name` of the first opened library that exports it, else null. Does not search LibTorch's own library.
void* accelerator_symbol(const char* name);

}  // namespace dha
