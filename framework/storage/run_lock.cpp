#include "storage/run_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace dha {

// log.txt is only ever added to, so that the lock stays on the file that others open.
RunLock::RunLock(const RunDirectory& directory, std::chrono::seconds patience)
    : lock_(directory.file("log.txt"), O_RDWR | O_CREAT,
            fmt::format("another process trains in {}; wait until it ends, or stop it", directory.path().string()),
            patience) {}

bool is_locked(const RunDirectory& directory) {
  const int descriptor = open(directory.file("log.txt").c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool is_held = flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(descriptor);
  return is_held;
}

}  // namespace dha
