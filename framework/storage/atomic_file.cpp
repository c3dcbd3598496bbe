#include "storage/atomic_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "dha/error.hpp"
#include "storage/io_error.hpp"
#include "storage/temporary_name.hpp"

namespace dha {

namespace {

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

// Whether the name of an open file is still in its folder.
bool is_linked(int descriptor) {
  struct stat status {};
  return fstat(descriptor, &status) == 0 && status.st_nlink > 0;
}

}  // namespace

AtomicFileWriter::AtomicFileWriter(std::filesystem::path file) : file_(std::move(file)) {
  struct stat status {};
  const bool exists = stat(file_.c_str(), &status) == 0;
  // The rename would find these after everything is written.
  if (!exists && errno != ENOENT) fail(errno);
  if (exists && S_ISDIR(status.st_mode)) fail(EISDIR);
  if (exists && !S_ISREG(status.st_mode)) {
    open_directly();
    return;
  }
  if (std::filesystem::is_symlink(file_)) file_ = std::filesystem::weakly_canonical(file_);
  open_temporary();
}

AtomicFileWriter::~AtomicFileWriter() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void AtomicFileWriter::open_temporary() {
  for (;;) {
    temporary_ = folder_of(file_) / temporary_name();
    descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0) {
      const int error_number = errno;
      temporary_.clear();  // not ours
      if (error_number == EEXIST || error_number == EINTR) continue;
      fail(error_number);
    }
    // The lock tells remove_abandoned_temporaries() that the writer lives. That function may have come between the two
    // calls; then the name is gone.
    flock(descriptor_, LOCK_EX);
    if (is_linked(descriptor_)) return;
    close(descriptor_);
  }
}

// A rename would put a file in the place of a device.
void AtomicFileWriter::open_directly() {
  descriptor_ = open(file_.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail(errno);
}

void AtomicFileWriter::write(const void* data, size_t size) {
  const char* position = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(descriptor_, position, std::min<size_t>(size, size_t{1} << 30));
    if (written < 0) {
      if (errno == EINTR) continue;
      fail(errno);
    }
    position += written;
    size -= static_cast<size_t>(written);
  }
}

void AtomicFileWriter::commit() {
  if (temporary_.empty()) {
    if (close(std::exchange(descriptor_, -1)) != 0) fail(errno);
    return;
  }
  if (fsync(descriptor_) != 0) fail(errno);
  // The lock goes with the close, so the rename comes first.
  if (rename(temporary_.c_str(), file_.c_str()) != 0) fail(errno);
  temporary_.clear();
  close(std::exchange(descriptor_, -1));  // has nothing left to report after fsync
  flush_folder(folder_of(file_));
}

void AtomicFileWriter::fail(int error_number) const { throw_io_error("write", file_, error_number); }

void write_file_atomically(const std::filesystem::path& file, std::string_view content) {
  AtomicFileWriter writer(file);
  writer.write(content);
  writer.commit();
}

std::string read_file(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw_io_error("read", file, errno);
  std::string content;
  size_t used = 0;
  for (;;) {  // until the end, because files such as those of /proc do not tell their size
    struct stat status {};
    const size_t expected = fstat(descriptor, &status) == 0 && status.st_size > 0 ? status.st_size : 0;
    content.resize(std::max(expected + 1, used + 4096));
    const ssize_t got = read(descriptor, content.data() + used, content.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error_number = errno;
      close(descriptor);
      throw_io_error("read", file, error_number);
    }
    if (got == 0) break;
    used += static_cast<size_t>(got);
  }
  close(descriptor);
  content.resize(used);
  return content;
}

std::string read_input_file(const std::filesystem::path& file) try { return read_file(file); } catch (const Error& e) {
  throw Error(ErrorCode::kData, e.what());
}

void flush_folder(const std::filesystem::path& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == EACCES) return;  // a folder that may be written but not listed
    throw_io_error("open", folder, errno);
  }
  const int error_number = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  // Some network and FUSE file systems cannot flush folders.
  if (error_number != 0 && error_number != EINVAL && error_number != ENOTSUP && error_number != ENOSYS)
    throw_io_error("flush", folder, error_number);
}

void remove_abandoned_temporaries(const std::filesystem::path& folder) noexcept try {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (!is_temporary(entry.path().filename().string())) continue;
    const int descriptor = open(entry.path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) continue;
    // A staged folder is removed with what it has.
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) std::filesystem::remove_all(entry.path(), error);
    close(descriptor);
  }
} catch (const std::exception&) {
  // A file that stays costs space, nothing else.
}

}  // namespace dha
