// One loaded plugin file; the only user of Boost.DLL.
//
// A library stays mapped until the process ends, even after this object is destroyed: LibTorch keeps pointers into
// plugins that outlive every component (deleters of tensors, nodes of autograd graphs).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "dha/abi.h"

namespace dha {

// The symbols that `file` defines for others, read without running any of its code. Throws PluginRefusal if it is not a
// library or is truncated.
std::vector<std::string> exported_symbols(const std::filesystem::path& file);

class PluginLibrary {
 public:
  // Opens `file`, an absolute canonical path, and asks it for its descriptor, which may be null and is not checked
  // here. A file that is not a library, is truncated or lacks the entry symbol is refused before any of its code runs.
  // Throws PluginRefusal. If a static initialiser of the file throws, the process ends with a sentence that names the
  // file and status 3. One thread at a time.
  explicit PluginLibrary(const std::filesystem::path& file);
  ~PluginLibrary();
  PluginLibrary(const PluginLibrary&) = delete;
  PluginLibrary& operator=(const PluginLibrary&) = delete;

  const std::filesystem::path& file() const { return file_; }
  const dha_plugin* descriptor() const { return descriptor_; }

  // The library with the plugin's CUDA kernels, next to the plugin; empty if the plugin names none or the file does not
  // exist. Call only for a descriptor with a known layout.
  std::filesystem::path accelerator_library() const;

 private:
  struct Handle;
  std::filesystem::path file_;
  std::unique_ptr<Handle> handle_;
  const dha_plugin* descriptor_ = nullptr;
};

}  // namespace dha
