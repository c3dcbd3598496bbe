#include "storage/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "dha/error.hpp"
#include "storage/io_error.hpp"

namespace dha {

FolderLock::FolderLock(const std::filesystem::path& folder, const std::string& held) {
  descriptor_ = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor_ < 0) throw_io_error("open", folder, errno);
  int failed;
  do failed = flock(descriptor_, LOCK_EX | LOCK_NB);
  while (failed != 0 && errno == EINTR);
  if (failed == 0 || errno != EWOULDBLOCK) return;
  close(descriptor_);
  throw Error(ErrorCode::kUsage, held);
}

FolderLock::~FolderLock() { close(descriptor_); }

}  // namespace dha
