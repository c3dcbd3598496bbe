#include "storage/io_error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "dha/error.hpp"

namespace dha {

namespace {

// Empty where the reason says it all.
std::string_view next_step(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "; free some space or choose a folder on another file system";
    case EACCES:
    case EPERM:
      return "; check the permissions of the file and of its folder";
    case EROFS:
      return "; choose a folder on a file system that can be written";
    case ENAMETOOLONG:
      return "; choose a shorter name";
    case ENOENT:
      return "; check that the path exists";
    case ENOTDIR:
      return "; a part of the path is a file, but a folder is needed";
    case EISDIR:
      return "; the path is a folder, but a file is needed";
    default:
      return "";
  }
}

}  // namespace

void throw_io_error(std::string_view action, const std::filesystem::path& file, int error_number) {
  throw Error(ErrorCode::kIo, fmt::format("cannot {} '{}': {}{}", action, file.string(),
                                          std::generic_category().message(error_number), next_step(error_number)));
}

}  // namespace dha
