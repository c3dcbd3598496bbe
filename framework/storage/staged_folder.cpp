#include "storage/staged_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "storage/atomic_file.hpp"
#include "storage/folders.hpp"
#include "storage/io_error.hpp"
#include "storage/temporary_name.hpp"

namespace dha {

namespace fs = std::filesystem;

StagedFolder::StagedFolder(fs::path folder) : folder_(std::move(folder)) {
  std::error_code error;
  is_new_ = !fs::exists(folder_, error);
  make_folders(folder_);
  while (true) {
    staging_ = folder_ / temporary_name();
    if (mkdir(staging_.c_str(), 0777) == 0) break;
    if (errno != EEXIST) throw_io_error("write", folder_, errno);
  }
  // As with a temporary file, the lock tells that the writer lives.
  descriptor_ = open(staging_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor_ >= 0) flock(descriptor_, LOCK_EX);
}

StagedFolder::~StagedFolder() {
  std::error_code ignored;
  fs::remove_all(staging_, ignored);
  if (descriptor_ >= 0) close(descriptor_);
  if (is_new_) fs::remove(folder_, ignored);
}

Error StagedFolder::named(const Error& error) const {
  std::string text = error.what();
  for (size_t at = 0; (at = text.find(staging_.string(), at)) != text.npos;)
    text.replace(at, staging_.string().size(), folder_.string());
  return {error.code(), text};
}

void StagedFolder::commit(const std::vector<std::string>& names) {
  std::error_code error;
  for (const std::string& name : names)  // what a rename would find after some files are moved
    if (fs::is_directory(folder_ / name, error)) throw_io_error("write", folder_ / name, EISDIR);
  for (const std::string& name : names) {
    if (fs::exists(staging_ / name, error))
      fs::rename(staging_ / name, folder_ / name, error);
    else
      fs::remove(folder_ / name, error);
    if (error) throw_io_error("write", folder_ / name, error.value());
  }
  is_new_ = false;
  flush_folder(folder_);
}

}  // namespace dha
