#include "storage/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "dha/error.hpp"
#include "storage/io_error.hpp"

namespace dha {

FileLock::FileLock(const std::filesystem::path& path, int flags, const std::string& held,
                   std::chrono::seconds patience) {
  descriptor_ = open(path.c_str(), flags | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw_io_error("open", path, errno);
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
    if (!is_held) throw_io_error("lock", path, failure);
    throw Error(ErrorCode::kUsage, held);
  }
}

FileLock::~FileLock() { close(descriptor_); }

}  // namespace dha
