#include "kernel_library.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <mutex>
#include <string>

#include "dha/error.hpp"

namespace dha::images {
namespace {

constexpr const char* kFileName = "dha_images_cuda.so";

std::filesystem::path folder_of_this_library() {
  Dl_info found{};
  dladdr(reinterpret_cast<const void*>(&open_kernel_library), &found);
  return std::filesystem::canonical(found.dli_fname).parent_path();
}

void open_beside_this_library() {
  // The kernel finds its symbols in LibTorch's CUDA library, which whoever chose the device has opened.
  if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD) == nullptr) return;
  const std::filesystem::path library = folder_of_this_library() / kFileName;
  if (!std::filesystem::exists(library)) return;
  if (dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) != nullptr) return;
  throw Error(ErrorCode::kLoadFailed, "the CUDA kernel for image operations, '" + library.string() +
                                          "', cannot be opened: " + dlerror() +
                                          "; rebuild it with this LibTorch, or remove it to use LibTorch's operators");
}

}  // namespace

void open_kernel_library() {
  static std::once_flag opened;
  std::call_once(opened, &open_beside_this_library);
}

}  // namespace dha::images
