// Locks a folder against a second process that does the same work in it.
#pragma once

#include <filesystem>
#include <string>

namespace dha {

class FolderLock {
 public:
  // Throws Error{kUsage} with the sentence `held` if another process has the lock, and Error{kIo} if the folder cannot
  // be opened. Does not lock on file systems without locks.
  FolderLock(const std::filesystem::path& folder, const std::string& held);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace dha
