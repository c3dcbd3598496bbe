#include "device/accelerator.hpp"

#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/util/Exception.h>
#include <dlfcn.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

#include "dha/error.hpp"

namespace dha {

namespace {

constexpr const char* kReplacementVariable = "DHA_CUDA_LIBRARY";
constexpr const char* kDriver = "libcuda.so.1";

// The library that takes the place of LibTorch's; null where none does.
const char* replacement() {
  const char* library = std::getenv(kReplacementVariable);
  return library != nullptr && *library != '\0' ? library : nullptr;
}

// What was opened in addition to LibTorch's own.
std::vector<void*>& opened() {
  static std::vector<void*> handles;
  return handles;
}

// What became of the search for an accelerator.
struct Search {
  int devices = 0;
  std::string looked_for;  // "the CUDA library of LibTorch at … (found), …"
};

// Keeps LibTorch's warnings for our own message; by itself it prints them.
class WarningCollector : public c10::WarningHandler {
 public:
  void process(const c10::Warning& warning) override { text_ = warning.msg(); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// The folder of the LibTorch that this program runs with.
std::filesystem::path libtorch_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&at::detail::getCUDAHooks), &info) == 0 || info.dli_fname == nullptr)
    return {};
  std::error_code unresolved;
  const std::filesystem::path file = std::filesystem::canonical(info.dli_fname, unresolved);
  return (unresolved ? std::filesystem::path(info.dli_fname) : file).parent_path();
}

std::string loader_error() {
  const char* text = dlerror();
  return text != nullptr ? text : "the dynamic linker gives no reason";
}

// The devices that LibTorch finds through the opened library, or its reason for finding none.
void count_devices(Search& search) {
  WarningCollector warnings;
  std::string reason;
  try {
    const c10::WarningUtils::WarningHandlerGuard guard(&warnings);
    const at::CUDAHooksInterface& hooks = at::detail::getCUDAHooks();
    search.devices = hooks.deviceCount();
    if (search.devices == 0) hooks.init();  // throws with the reason
  } catch (const c10::Error& error) {
    reason = error.what_without_backtrace();
  }
  if (reason.empty()) reason = warnings.text();
  search.looked_for += ", devices (found " + std::to_string(search.devices);
  if (search.devices == 0 && !reason.empty()) search.looked_for += ": " + reason;
  search.looked_for += ")";
}

Search open_accelerator() {
  const bool replaced = replacement() != nullptr;
  const std::filesystem::path library = replaced ? replacement() : libtorch_folder() / "libtorch_cuda.so";
  Search search;
  search.looked_for = replaced ? std::string("the library named by ") + kReplacementVariable + ", "
                               : std::string("LibTorch's CUDA library ");
  search.looked_for += library.string();
  std::error_code unreadable;
  if (!std::filesystem::exists(library, unreadable)) {
    search.looked_for += " (no such file)";
    return search;
  }
  // Without a driver there is no device, and the driver is a thousand times faster to look for.
  if (!replaced && dlopen(kDriver, RTLD_LAZY | RTLD_LOCAL) == nullptr) {
    search.looked_for += std::string(" (found), the NVIDIA driver's library (") + loader_error() + ")";
    return search;
  }
  // RTLD_GLOBAL: the libraries with our own CUDA kernels find their symbols in it. It is never closed.
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) {
    search.looked_for += " (not opened: " + loader_error() + ")";
    return search;
  }
  if (replaced) opened().push_back(handle);
  search.looked_for += " (opened)";
  count_devices(search);
  return search;
}

// The number of "cuda" (0) or "cuda:<number>"; empty for any other text.
std::optional<int> cuda_index(const std::string& text) {
  if (text == "cuda") return 0;
  if (text.rfind("cuda:", 0) != 0) return std::nullopt;
  int index = -1;
  const char *begin = text.data() + 5, *end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, index);
  // LibTorch counts devices in 8 bits.
  if (error != std::errc() || stop != end || index < 0 || index > 127) return std::nullopt;
  return index;
}

std::string counted(int devices) { return std::to_string(devices) + (devices == 1 ? " device" : " devices"); }

}  // namespace

DeviceChoice choose_device(const std::string& text) {
  if (text == "cpu") return {};
  const bool automatic = text == "auto";
  const std::optional<int> index = automatic ? 0 : cuda_index(text);
  if (!index)
    throw Error(ErrorCode::kUsage, "the device must be 'auto', 'cpu', 'cuda' or 'cuda:<number>', found '" + text + "'");
  const Search search = open_accelerator();
  if (search.devices == 0 && automatic) return {at::Device(at::kCPU), "no accelerator found", search.looked_for};
  if (search.devices == 0)
    throw Error(ErrorCode::kDevice, "device '" + text + "' is not available; looked for " + search.looked_for +
                                        "; fix this, or choose device 'cpu' or 'auto'");
  if (*index >= search.devices)
    throw Error(ErrorCode::kDevice, "device '" + text + "' is not available; found " + counted(search.devices) +
                                        ", cuda:0 to cuda:" + std::to_string(search.devices - 1) +
                                        "; choose one of these");
  return {at::Device(at::kCUDA, static_cast<at::DeviceIndex>(*index)), automatic ? "of " + counted(search.devices) : "",
          ""};
}

std::string in_words(const DeviceChoice& choice) {
  return choice.device.str() + (choice.note.empty() ? "" : " (" + choice.note + ")");
}

void open_accelerator_libraries(const DeviceChoice& choice, const std::vector<std::filesystem::path>& libraries) {
  if (choice.device.is_cpu() || replacement() != nullptr) return;
  for (const std::filesystem::path& library : libraries) {
    void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == nullptr)
      throw Error(ErrorCode::kLoadFailed, "the library with CUDA code " + library.string() +
                                              " cannot be opened: " + loader_error() +
                                              "; rebuild it with this LibTorch, or choose device 'cpu'");
    opened().push_back(handle);
  }
}

void* accelerator_symbol(const char* name) {
  for (void* handle : opened())
    if (void* found = dlsym(handle, name)) return found;
  return nullptr;
}

}  // namespace dha
