#include "storage/run_directory.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "dha/error.hpp"
#include "storage/atomic_file.hpp"
#include "storage/io_error.hpp"
#include "storage/local_time.hpp"

namespace dha {

namespace {

namespace fs = std::filesystem;

// A name from a pipeline file as one part of a path.
void check_name(const char* what, const std::string& name) {
  const bool is_plain = std::none_of(name.begin(), name.end(), [](unsigned char character) {
    return character < 0x20 || character == 0x7f || character == '/' || character == '\\';
  });
  if (name.empty() || name.size() > 100 || name[0] == '.' || !is_plain)
    throw Error(
        ErrorCode::kInvalidConfig,
        fmt::format(
            "the {} {:?} cannot name a file; use 1 to 100 letters, digits, '.', '_' and '-', but no leading '.'", what,
            name));
}

void make_folders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw_io_error("make the folder", folder, error.value());
}

// The first of <base>, <base>-2, <base>-3, … that nobody else has made.
fs::path make_new_folder(const fs::path& base) {
  for (int copy = 1;; ++copy) {
    const fs::path folder = copy == 1 ? base : fs::path(fmt::format("{}-{}", base.string(), copy));
    if (mkdir(folder.c_str(), 0777) == 0) return folder;
    if (errno != EEXIST) throw_io_error("make the folder", folder, errno);
  }
}

// Copying a run with what its links lead to leaves a folder where the link was.
void check_latest(const fs::path& folder) {
  std::error_code missing;
  const fs::path latest = folder / "latest";
  if (fs::is_directory(fs::symlink_status(latest, missing)))
    throw Error(
        ErrorCode::kUsage,
        fmt::format("'{}' is a folder, but dha keeps a link to the newest run there; rename or remove the folder",
                    latest.string()));
}

// Points <folder>/latest at its entry `name`, so that at no time there is no such link.
void link_latest(const fs::path& folder, const std::string& name) {
  const fs::path temporary = folder / fmt::format(".latest-{}", name);
  unlink(temporary.c_str());
  if (symlink(name.c_str(), temporary.c_str()) != 0) {
    if (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS) return;  // a file system without links
    throw_io_error("make the link", folder / "latest", errno);
  }
  if (rename(temporary.c_str(), (folder / "latest").c_str()) != 0) {
    const int error_number = errno;
    unlink(temporary.c_str());
    throw_io_error("make the link", folder / "latest", error_number);
  }
}

}  // namespace

RunDirectory RunDirectory::create(const fs::path& parent, const std::string& name, uint64_t seed) {
  check_name("name", name);
  const fs::path folder = fs::absolute(parent) / name;
  make_folders(folder);
  check_latest(folder);
  const fs::path path = make_new_folder(folder / fmt::format("{}-s{}", compact_time_now(), seed));
  make_folders(path / "checkpoints");
  link_latest(folder, path.filename().string());
  flush_folder(folder);
  return RunDirectory(path);
}

RunDirectory RunDirectory::open(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path / "pipeline.json", error))
    throw Error(ErrorCode::kUsage,
                fmt::format("'{}' is not the folder of a run: it has no pipeline.json; give a folder "
                            "such as runs/<name>/latest",
                            path.string()));
  const fs::path resolved = fs::canonical(path, error);
  if (error) throw_io_error("open", path, error.value());
  return RunDirectory(resolved);
}

fs::path RunDirectory::checkpoint(const std::string& stage, int64_t epoch, int64_t step) const {
  check_name("stage name", stage);
  const std::string within = step > 0 ? fmt::format(".{:06}", step) : std::string();
  return path_ / "checkpoints" / fmt::format("{}-{:04}{}.safetensors", stage, epoch, within);
}

}  // namespace dha
