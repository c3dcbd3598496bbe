#include "storage/run_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "dha/error.hpp"
#include "storage/io_error.hpp"

namespace dha {

RunLock::RunLock(const RunDirectory& directory, std::chrono::seconds patience) {
  const std::filesystem::path file = directory.file("log.txt");  // which is only ever added to
  descriptor_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw_io_error("open", file, errno);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int failure = errno;
    if (failure == ENOTSUP || failure == ENOSYS || failure == ENOLCK) return;
    if (failure == EINTR) continue;
    const bool is_held = failure == EWOULDBLOCK;
    if (is_held && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      continue;
    }
    close(descriptor_);
    if (!is_held) throw_io_error("lock", file, failure);
    throw Error(ErrorCode::kUsage,
                fmt::format("another process trains in {}; wait until it ends, or stop it", directory.path().string()));
  }
}

RunLock::~RunLock() { close(descriptor_); }

bool is_locked(const RunDirectory& directory) {
  const int descriptor = open(directory.file("log.txt").c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool is_held = flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(descriptor);
  return is_held;
}

}  // namespace dha
