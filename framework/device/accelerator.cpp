#include "device/accelerator.hpp"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "dha/error.hpp"

namespace dha {

namespace {

std::filesystem::path cuda_library() {
  if (const char* named = std::getenv("DHA_CUDA_LIBRARY"); named != nullptr && *named != '\0') return named;
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&at::globalContext), &info) == 0) return "libtorch_cuda.so";
  return std::filesystem::canonical(info.dli_fname).parent_path() / "libtorch_cuda.so";
}

// Opens the library once; returns why that failed, or "".
const std::string& open_cuda() {
  static const std::string failure = [] {
    const std::filesystem::path library = cuda_library();
    if (dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) return std::string();
    const char* reason = dlerror();
    return fmt::format("{} cannot be opened: {}", library.string(), reason != nullptr ? reason : "unknown reason");
  }();
  return failure;
}

// Why no CUDA device can be used, or "".
std::string missing() {
  if (const std::string& failure = open_cuda(); !failure.empty()) return failure;
  if (!at::globalContext().hasCUDA())
    return fmt::format("{} is there, but the driver offers no CUDA device", cuda_library().string());
  return "";
}

// N of "cuda:N", 0 of "cuda"; -1 for any other text.
int device_index(const std::string& text) {
  if (text == "cuda") return 0;
  if (!text.starts_with("cuda:") || text.size() < 6 || text.size() > 8 ||
      text.find_first_not_of("0123456789", 5) != std::string::npos)
    return -1;
  return std::stoi(text.substr(5));
}

}  // namespace

DeviceChoice choose_device(const std::string& text) {
  if (text == "cpu") return {};
  const int index = text == "auto" ? 0 : device_index(text);
  if (index < 0)
    throw Error(ErrorCode::kUsage, fmt::format("device must be auto, cpu, cuda or cuda:N, found '{}'", text));
  const std::string reason = missing();
  if (text == "auto" && !reason.empty()) return {c10::kCPU, "device auto is the CPU: " + reason};
  if (!reason.empty()) throw Error(ErrorCode::kDevice, fmt::format("device {}: {}; use cpu or auto", text, reason));
  const int count = at::detail::getCUDAHooks().deviceCount();
  if (index >= count)
    throw Error(ErrorCode::kDevice, fmt::format("device {}: there are {} CUDA devices, cuda:0 to cuda:{}", text, count, count - 1));
  return {c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index)), ""};
}

void open_accelerator_libraries(const DeviceChoice& choice, const std::vector<std::filesystem::path>& libraries) {
  if (choice.device.is_cpu()) return;
  for (const std::filesystem::path& library : libraries) {
    if (dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) != nullptr) continue;
    const char* reason = dlerror();
    throw Error(ErrorCode::kLoadFailed, fmt::format("{} cannot be opened: {}", library.string(), reason != nullptr ? reason : "unknown reason"));
  }
}

}  // namespace dha
