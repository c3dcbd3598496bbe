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

// The symbols that `file` defines for others, read without running any of its code. Throws PluginRefusal where it is no
// library or is cut short.
std::vector<std::string> exported_symbols(const std::filesystem::path& file);

class PluginLibrary {
 public:
  // Opens `file`, an absolute canonical path, and asks it for its descriptor, which may be null and is not checked
  // here. A file that is no library, is cut short or lacks the entry symbol is refused before any of its code runs.
  // Throws PluginRefusal. A file whose static initialisers throw ends the process with a sentence that names it and
  // status 3. One thread at a time.
  explicit PluginLibrary(const std::filesystem::path& file);
  ~PluginLibrary();
  PluginLibrary(const PluginLibrary&) = delete;
  PluginLibrary& operator=(const PluginLibrary&) = delete;

  const std::filesystem::path& file() const { return file_; }
  const dha_plugin* descriptor() const { return descriptor_; }

  // The library with the plugin's CUDA kernels, beside the plugin; empty where it names none or that file is not there.
  // Asked only of a library whose descriptor has a layout that is known.
  std::filesystem::path accelerator_library() const;

 private:
  struct Handle;
  std::filesystem::path file_;
  std::unique_ptr<Handle> handle_;
  const dha_plugin* descriptor_ = nullptr;
};

}  // namespace dha
