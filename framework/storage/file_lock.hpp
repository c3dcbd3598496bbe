// Locks a file or folder against other processes that lock it.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

namespace dha {

class FileLock {
 public:
  // Opens `path` with `flags` of open(2) and waits up to `patience` for a process that has the lock. Throws
  // Error{kUsage} with the sentence `held` if that process keeps it, and Error{kIo} if the path cannot be opened or
  // locked for another reason. Does not lock on file systems without locks.
  FileLock(const std::filesystem::path& path, int flags, const std::string& held,
           std::chrono::seconds patience = std::chrono::seconds(0));
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace dha
