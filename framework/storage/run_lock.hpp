// Locks a run directory against a second process while one trains in it.
#pragma once

#include <chrono>

#include "storage/file_lock.hpp"
#include "storage/run_directory.hpp"

namespace dha {

class RunLock {
 public:
  // Waits up to `patience` for a process that is about to end. Throws Error{kUsage} if another process trains in the
  // directory, kIo if the lock cannot be taken for another reason. Does not lock on file systems without locks.
  explicit RunLock(const RunDirectory& directory, std::chrono::seconds patience = std::chrono::seconds(0));

 private:
  FileLock lock_;
};

// Whether a process trains in the directory, as far as the file system tells. Changes nothing.
bool is_locked(const RunDirectory& directory);

}  // namespace dha
